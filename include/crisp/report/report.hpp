// report.html: what a training did, in one page that needs no network:
// curves, settings, and pictures to compare.
#pragma once
#include <map>

#include "crisp/data/image_io.hpp"
#include "crisp/report/history.hpp"
#include "crisp/report/html.hpp"
#include "crisp/report/layers.hpp"
#include "crisp/report/plot.hpp"
#include "crisp/report/report_style.hpp"
#include "crisp/report/worst_places.hpp"

namespace crisp::report {

struct Report {
  std::string title, protocol;
  std::map<std::string, std::string> settings;
  History history;
  double bicubic_psnr = 0;  // mean over the validation pictures; 0: none
  std::vector<ReportPicture> pictures;
  LayerHistory layers = {};             // of a training that is watched
  std::vector<WorstPlaces> worst = {};  // of each validation
};

namespace detail {

// The square where bicubic errs most: it shows what a network can gain. Top, left and side, in pixels of HR.
inline std::string detail_place(const ReportPicture& p) {
  const Index side = std::max<Index>(1, std::min({Index(56), p.hr.height, p.hr.width}));
  const Index step = std::max<Index>(1, side / 4);
  const auto error_at = [&](Index top, Index left) {
    double error = 0;
    for (Index y = top; y < top + side; ++y)
      for (Index x = left; x < left + side; ++x)
        error += std::pow(double(p.hr.at(y, x)) - p.bicubic.at(y, x), 2);
    return error;
  };
  double largest = -1;
  Index top = 0, left = 0;
  for (Index y = 0; y + side <= p.hr.height; y += step)
    for (Index x = 0; x + side <= p.hr.width; x += step) {
      const double error = error_at(y, x);
      if (error > largest) largest = error, top = y, left = x;
    }
  return str(top, ",", left, ",", side);
}

inline std::string panel(const std::string& name, const std::string& note, const data::Image& image,
                         const char* kind) {
  const std::string bytes = base64(data::encode_image(image, ".png"));
  return str("<figure><img class=\"", kind, "\" alt=\"", name, "\" src=\"data:image/png;base64,", bytes,
             "\"><figcaption><b>", name, "</b> ", note, "</figcaption></figure>");
}

// The script fills in the pictures: bicubic lies below, the network's to the right of the line.
inline constexpr const char* slider =
    "<div class=\"slider\"><img alt=\"bicubic\"><div class=\"over\"><img alt=\"network\"></div>"
    "<input type=\"range\" min=\"0\" max=\"100\" value=\"50\" "
    "aria-label=\"bicubic to the left, network to the right\"><div class=\"bar\"></div>"
    "<label class=\"l\">bicubic</label><label class=\"r\">network</label></div>";

inline std::string picture_section(const ReportPicture& p) {
  std::string html = str("<section class=\"picture\" data-detail=\"", detail_place(p), "\"><h3>",
                         escaped(p.name), "</h3><div class=\"panels\">");
  html += panel("LR", str(p.lr.width, " x ", p.lr.height), p.lr, "lr");
  html += panel("bicubic", html_number(p.bicubic_psnr, 2) + " dB", p.bicubic, "hr");
  html += panel("network", html_number(p.psnr, 2) + " dB, SSIM " + html_number(p.ssim, 4), p.result, "hr");
  html += panel("original", str(p.hr.width, " x ", p.hr.height), p.hr, "hr");
  html += "</div><div class=\"details\">";
  for (const char* name : {"LR", "bicubic", "network", "original"})
    html += str("<figure><canvas aria-label=\"detail of ", name, "\"></canvas><figcaption>", name,
                ", detail</figcaption></figure>");
  return html + "</div>" + slider + "</section>";
}

inline std::string card(const std::string& value, const std::string& name) {
  return "<div class=\"card\"><b>" + value + "</b><span>" + name + "</span></div>";
}

inline std::string cards(const Report& report) {
  const std::vector<HistoryRow>& rows = report.history.rows;
  const HistoryRow last = rows.empty() ? HistoryRow{} : rows.back();
  double best = 0;
  for (const HistoryRow& row : rows) best = std::max(best, row.psnr.value_or(0));
  const double bicubic = report.bicubic_psnr;
  const char* sign = best >= bicubic ? "+" : "";
  std::string html = "<div class=\"cards\">";
  if (best > 0) html += card(html_number(best, 2) + " dB", "best mean PSNR");
  if (bicubic > 0) html += card(html_number(bicubic, 2) + " dB", "bicubic");
  if (best > 0 && bicubic > 0) html += card(sign + gain(best, bicubic, 2) + " dB", "gain over bicubic");
  html += card(std::to_string(last.step), "steps");
  return html + card(duration(last.seconds), "training time") + "</div>";
}

inline std::string charts(const Report& report) {
  PlotOptions loss{"Training loss", "mean over the steps between two points, logarithmic", true, {}};
  PlotOptions psnr{"Validation PSNR", "dB, mean over the pictures", false, {}, report.bicubic_psnr,
                   "bicubic"};
  for (const HistoryRow& row : report.history.rows) {
    loss.points.push_back({double(row.step), row.loss});
    if (row.psnr) psnr.points.push_back({double(row.step), *row.psnr});
  }
  return "<div class=\"charts\"><div>" + plot(loss) + "</div><div>" + plot(psnr) + "</div></div>";
}

inline std::string settings_table(const Report& report) {
  std::string html = "<table>";
  for (const auto& [key, value] : report.settings)
    html += "<tr><td>" + escaped(key) + "</td><td>" + escaped(value) + "</td></tr>";
  return html + "</table>";
}

}  // namespace detail

/// The page as text.
inline std::string report_page(const Report& report) {
  const std::string title = detail::escaped(report.title);
  std::string page =
      str("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">",
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">", "<title>", title,
          "</title><style>", detail::page_style, detail::report_style, "</style></head><body><main>\n");
  page += "<h1>" + title + "</h1>\n<p>" + detail::escaped(report.protocol) + "</p>\n";
  page += detail::cards(report) + "\n" + detail::charts(report) + "\n";
  page += layer_charts(report.layers) + worst_section(report.worst);
  if (!report.pictures.empty())
    page +=
        "<h2>Pictures</h2>\n<p>PSNR on luma. The detail is where bicubic errs most; drag the line on the "
        "large picture.</p>\n";
  for (const ReportPicture& picture : report.pictures) page += detail::picture_section(picture) + "\n";
  page += "<h2>Settings</h2>\n" + detail::settings_table(report);
  return page + "\n</main><script>" + detail::report_script + "</script></body></html>\n";
}

/// Writes the page; it appears whole or not at all. Throws Error.
inline void save_report(const std::filesystem::path& path, const Report& report) {
  write_file("report", path, report_page(report));
}

}  // namespace crisp::report
