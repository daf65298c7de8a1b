// See history_table.hpp.
#include "history_table.hpp"

#include <cmath>

#include "crisp/core/error.hpp"
#include "crisp/report/report_style.hpp"
#include "crisp/report/text.hpp"

namespace crisp::program {

namespace {

using report::fixed;

bool is_ratio(const std::string& metric) { return metric.ends_with("ssim") || metric == "ms-ssim-97"; }

std::string measured_text(const std::string& metric, double v) { return fixed(v, is_ratio(metric) ? 4 : 3); }
std::string published_text(const std::string& metric, double v) { return fixed(v, is_ratio(metric) ? 4 : 2); }
std::string difference_text(const std::string& metric, const TableCell& c) {
  const double d = *c.measured - *c.published;
  return (d < 0 ? "" : "+") + fixed(d, is_ratio(metric) ? 4 : 3);
}

std::string plain(const std::string& metric, const TableCell& c) {
  if (!c.measured && !c.published) return "";
  if (!c.measured) return published_text(metric, *c.published) + " quoted";
  const std::string text = measured_text(metric, *c.measured);
  return c.published ? text + " (" + published_text(metric, *c.published) + ")" : text;
}

std::string coloured(const std::string& metric, const TableCell& c) {
  if (!c.measured || !c.published) return "<td>" + plain(metric, c) + "</td>";
  const bool good = agrees(metric, *c.measured, *c.published) || *c.measured > *c.published;
  return str("<td>", measured_text(metric, *c.measured), "<br><small>", published_text(metric, *c.published),
             " <span class=\"", good ? "good" : "bad", "\">", difference_text(metric, c),
             "</span></small></td>");
}

}  // namespace

bool agrees(const std::string& metric, double measured, double published) {
  const double away = std::abs(measured - published);
  if (metric == "psnr") return away <= 0.05;
  return is_ratio(metric) ? away <= 0.001 : away <= 0.02 * std::abs(published);
}

std::string as_markdown(const HistoryTable& table) {
  std::string text = "| set | scale | metric |", line = "|---|---|---|";
  for (const std::string& method : table.methods) {
    text += " " + method + " |";
    line += "---|";
  }
  text += "\n" + line + "\n";
  for (const TableRow& row : table.rows) {
    text += str("| ", row.set, " | x", row.scale, " | ", row.metric, " |");
    for (const TableCell& c : row.cells) text += str(" ", plain(row.metric, c), " |");
    text += "\n";
  }
  return text;
}

std::string as_csv(const HistoryTable& table) {
  std::string text = "set,scale,metric,method,measured,published,difference\n";
  for (const TableRow& row : table.rows)
    for (std::size_t i = 0; i < table.methods.size(); ++i) {
      const TableCell& c = row.cells[i];
      if (!c.measured && !c.published) continue;
      const auto number = [](const std::optional<double>& v) { return v ? fixed(*v, 6) : std::string(); };
      const bool both = c.measured && c.published;
      text += str(row.set, ",", row.scale, ",", row.metric, ",", table.methods[i], ",", number(c.measured),
                  ",", number(c.published), ",", both ? fixed(*c.measured - *c.published, 6) : "", "\n");
    }
  return text;
}

std::string as_html(const HistoryTable& table) {
  std::string text =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Methods side by side</title>\n"
      "<style>" +
      std::string(report::detail::page_style) +
      "main{max-width:none}table{border-collapse:collapse}"
      "td,th{border-bottom:1px solid var(--line);padding:.3em .7em;text-align:right}"
      ".good{color:var(--accent)}.bad{color:var(--bad)}small{color:var(--soft)}</style></head><body><main>\n"
      "<h1>Methods side by side</h1>\n<p>Measured; below it published, and the difference.</p>\n<table><tr>"
      "<th>set</th><th>scale</th><th>metric</th>";
  for (const std::string& method : table.methods) text += "<th>" + method + "</th>";
  text += "</tr>\n";
  for (const TableRow& row : table.rows) {
    text += str("<tr><td>", row.set, "</td><td>x", row.scale, "</td><td>", row.metric, "</td>");
    for (const TableCell& c : row.cells) text += coloured(row.metric, c);
    text += "</tr>\n";
  }
  return text + "</table></main></body></html>\n";
}

std::string as_latex(const HistoryTable& table) {
  std::string text = "\\begin{tabular}{lll" + std::string(table.methods.size(), 'r') + "}\n";
  text += "set & scale & metric";
  for (const std::string& method : table.methods) text += " & " + method;
  text += " \\\\ \\hline\n";
  for (const TableRow& row : table.rows) {
    text += str(row.set, " & $\\times ", row.scale, "$ & ", row.metric);
    for (const TableCell& c : row.cells) text += " & " + plain(row.metric, c);
    text += " \\\\\n";
  }
  return text + "\\end{tabular}\n";
}

}  // namespace crisp::program
