// report.html: what a training did, in one page that needs no network: curves, settings, and pictures to compare.
#pragma once
#include <map>

#include "crisp/core/finite.hpp"
#include "crisp/data/image_io.hpp"
#include "crisp/report/history.hpp"
#include "crisp/report/plot.hpp"
#include "crisp/report/progress_bar.hpp"
#include "crisp/report/report_style.hpp"

namespace crisp::report {

/// One validation picture: its scores, and the pictures themselves, rounded to 8 bits.
struct ReportPicture {
  std::string name;
  double psnr = 0, ssim = 0, bicubic_psnr = 0;
  data::Image lr, bicubic, result, hr;
};

struct Report {
  std::string title, protocol;
  std::map<std::string, std::string> settings;
  History history;
  double bicubic_psnr = 0;  // mean over the validation pictures; 0: none
  std::vector<ReportPicture> pictures;
};

namespace detail {

inline std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  return out;
}

inline std::string base64(const std::string& bytes) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto at = [&](std::size_t k) { return i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u; };
    const unsigned v = at(0) << 16 | at(1) << 8 | at(2);
    for (std::size_t k = 0; k < 4; ++k) out += i + k <= bytes.size() ? digits[v >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

inline std::string fixed(double v, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, v);
  return is_finite(v) ? text : "&infin;";
}

// The square where bicubic errs most: it shows what a network can gain. Top, left and side, in pixels of HR.
inline std::string detail_place(const ReportPicture& p) {
  const Index side = std::max<Index>(1, std::min({Index(56), p.hr.height, p.hr.width})), step = std::max<Index>(1, side / 4);
  double most = -1;
  Index top = 0, left = 0;
  for (Index y = 0; y + side <= p.hr.height; y += step)
    for (Index x = 0; x + side <= p.hr.width; x += step) {
      double error = 0;
      for (Index i = y; i < y + side; ++i)
        for (Index j = x; j < x + side; ++j) error += std::pow(double(p.hr.at(i, j)) - p.bicubic.at(i, j), 2);
      if (error > most) most = error, top = y, left = x;
    }
  return str(top, ",", left, ",", side);
}

inline std::string panel(const std::string& name, const std::string& note, const data::Image& image, const char* kind) {
  return "<figure><img class=\"" + std::string(kind) + "\" alt=\"" + name + "\" src=\"data:image/png;base64," + base64(data::encode_image(image, ".png")) +
         "\"><figcaption><b>" + name + "</b> " + note + "</figcaption></figure>";
}

inline std::string picture_section(const ReportPicture& p) {
  std::string s = "<section class=\"picture\" data-detail=\"" + detail_place(p) + "\"><h3>" + escaped(p.name) + "</h3><div class=\"panels\">";
  s += panel("LR", str(p.lr.width, " x ", p.lr.height), p.lr, "lr");
  s += panel("bicubic", fixed(p.bicubic_psnr, 2) + " dB", p.bicubic, "hr");
  s += panel("network", fixed(p.psnr, 2) + " dB, SSIM " + fixed(p.ssim, 4), p.result, "hr");
  s += panel("original", str(p.hr.width, " x ", p.hr.height), p.hr, "hr");
  s += "</div><div class=\"details\">";
  for (const char* name : {"LR", "bicubic", "network", "original"})
    s += "<figure><canvas aria-label=\"detail of " + std::string(name) + "\"></canvas><figcaption>" + name + ", detail</figcaption></figure>";
  return s + "</div><div class=\"slider\"><img alt=\"bicubic\"><div class=\"over\"><img alt=\"network\"></div><input type=\"range\" min=\"0\" max=\"100\" value=\"50\" "
             "aria-label=\"bicubic to the left, network to the right\"><div class=\"bar\"></div><label class=\"l\">bicubic</label><label class=\"r\">network</label></div></section>";
}

inline std::string card(const std::string& value, const std::string& name) { return "<div class=\"card\"><b>" + value + "</b><span>" + name + "</span></div>"; }

inline std::string cards(const Report& r) {
  std::string s = "<div class=\"cards\">";
  const HistoryRow last = r.history.rows.empty() ? HistoryRow{} : r.history.rows.back();
  double best = 0;
  for (const HistoryRow& row : r.history.rows) best = std::max(best, row.psnr.value_or(0));
  if (best > 0) s += card(fixed(best, 2) + " dB", "best mean PSNR");
  if (r.bicubic_psnr > 0) s += card(fixed(r.bicubic_psnr, 2) + " dB", "bicubic");
  if (best > 0 && r.bicubic_psnr > 0) s += card((best >= r.bicubic_psnr ? "+" : "") + fixed(best - r.bicubic_psnr, 2) + " dB", "gain over bicubic");
  return s + card(std::to_string(last.step), "steps") + card(duration(last.seconds), "training time") + "</div>";
}

}  // namespace detail

/// The page as text.
inline std::string report_page(const Report& r) {
  PlotOptions loss{"Training loss", "mean over the steps between two points, logarithmic", true, {}};
  PlotOptions psnr{"Validation PSNR", "dB, mean over the pictures", false, {}, r.bicubic_psnr, "bicubic"};
  for (const HistoryRow& row : r.history.rows) {
    loss.points.push_back({double(row.step), row.loss});
    if (row.psnr) psnr.points.push_back({double(row.step), *row.psnr});
  }
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>" +
                     detail::escaped(r.title) + "</title><style>" + detail::report_style + "</style></head><body><main>\n<h1>" + detail::escaped(r.title) + "</h1>\n<p>" +
                     detail::escaped(r.protocol) + "</p>\n" + detail::cards(r) + "\n<div class=\"charts\"><div>" + plot(loss) + "</div><div>" + plot(psnr) + "</div></div>\n";
  if (!r.pictures.empty()) page += "<h2>Pictures</h2>\n<p>PSNR on luma. The detail is where bicubic errs most; drag the line on the large picture.</p>\n";
  for (const ReportPicture& p : r.pictures) page += detail::picture_section(p) + "\n";
  page += "<h2>Settings</h2>\n<table>";
  for (const auto& [key, value] : r.settings) page += "<tr><td>" + detail::escaped(key) + "</td><td>" + detail::escaped(value) + "</td></tr>";
  return page + "</table>\n</main><script>" + detail::report_script + "</script></body></html>\n";
}

/// Writes the page; it appears whole or not at all. Throws Error.
inline void save_report(const std::filesystem::path& path, const Report& report) { write_file("report", path, report_page(report)); }

}  // namespace crisp::report
