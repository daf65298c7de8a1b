// The places of the validation pictures where the network errs most, for the report.
#pragma once
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <vector>

#include "crisp/core/file.hpp"
#include "crisp/core/text.hpp"
#include "crisp/data/image_io.hpp"
#include "crisp/report/html.hpp"
#include "crisp/report/report_picture.hpp"

namespace crisp::report {

namespace detail {
inline double decibels(double mse) { return 10 * std::log10(255.0 * 255.0 / mse); }
}  // namespace detail

/// A square of a picture, in pixels of HR.
struct Place {
  const ReportPicture* picture;
  Index top = 0, left = 0, side = 0;
  double mse = 0;  // of the network, mean over its pixels and channels, 0..255
  double psnr() const { return detail::decibels(mse); }
};

namespace detail {

inline double mse_at(const data::Image& a, const data::Image& b, const Place& p) {
  double sum = 0;
  for (Index y = p.top; y < p.top + p.side; ++y)
    for (Index x = p.left; x < p.left + p.side; ++x)
      for (Index c = 0; c < a.channels; ++c) sum += std::pow(double(a.at(y, x, c)) - b.at(y, x, c), 2);
  return sum / double(p.side * p.side * a.channels);
}

inline bool overlap(const Place& a, const Place& b) {
  return a.picture == b.picture && std::abs(a.top - b.top) < a.side && std::abs(a.left - b.left) < a.side;
}

}  // namespace detail

/// At most `count` squares that do not overlap, the worst first; squares without an error are left out. The
/// pictures must outlive what is returned.
inline std::vector<Place> worst_places(const std::vector<ReportPicture>& pictures, std::size_t count = 6) {
  std::vector<Place> all, worst;
  for (const ReportPicture& p : pictures) {
    const Index side = std::max<Index>(1, std::min({Index(32), p.hr.height, p.hr.width}));
    const Index step = std::max<Index>(1, side / 2);
    for (Index top = 0; top + side <= p.hr.height; top += step)
      for (Index left = 0; left + side <= p.hr.width; left += step) {
        Place place{&p, top, left, side};
        place.mse = detail::mse_at(p.result, p.hr, place);
        if (place.mse > 0) all.push_back(place);
      }
  }
  std::stable_sort(all.begin(), all.end(), [](const Place& a, const Place& b) { return a.mse > b.mse; });
  for (const Place& place : all) {
    const auto near = [&](const Place& other) { return detail::overlap(place, other); };
    if (worst.size() < count && std::none_of(worst.begin(), worst.end(), near)) worst.push_back(place);
  }
  return worst;
}

namespace detail {

// The size of the error of each pixel, gray: black is none, white 64 of 255 or more.
inline data::Image error_map(const data::Image& a, const data::Image& b) {
  data::Image map(a.height, a.width, 1);
  for (Index y = 0; y < a.height; ++y)
    for (Index x = 0; x < a.width; ++x) {
      float sum = 0;
      for (Index c = 0; c < a.channels; ++c) sum += std::abs(a.at(y, x, c) - b.at(y, x, c));
      map.at(y, x) = std::min(255.0f, std::round(4 * sum / float(a.channels)));
    }
  return map;
}

inline std::string patch_figure(const char* name, const data::Image& image) {
  return str("<figure><img class=\"lr\" alt=\"", name, "\" src=\"data:image/png;base64,",
             base64(data::encode_image(image, ".png")), "\"><figcaption>", name, "</figcaption></figure>");
}

inline constexpr const char* worst_begin = "<details class=\"worst\" data-step=\"";

}  // namespace detail

/// The worst places of one validation, as a part of the page.
struct WorstPlaces {
  Index step = 0;
  std::string html;  // hidden where there are no errors
};

/// Those of the validation after this many steps; the mean PSNR of all its pictures stands above them.
inline WorstPlaces worst_of_validation(Index step, double psnr, const std::vector<ReportPicture>& pictures) {
  const std::vector<Place> places = worst_places(pictures);
  if (places.empty()) return {step, str(detail::worst_begin, step, "\" hidden></details>\n")};
  std::string html = str(detail::worst_begin, step, "\"><summary>Step ", step, ": ",
                         detail::html_number(psnr, 3), " dB</summary><div class=\"places\">");
  for (const Place& p : places) {
    const auto part = [&](const data::Image& image) {
      return data::crop(image, p.top, p.left, p.side, p.side);
    };
    const data::Image result = part(p.picture->result), hr = part(p.picture->hr);
    const double bicubic = detail::mse_at(p.picture->bicubic, p.picture->hr, p);
    html +=
        "<section class=\"place\"><div>" + detail::patch_figure("network", result) +
        detail::patch_figure("original", hr) + detail::patch_figure("error", detail::error_map(result, hr)) +
        str("</div><p><b>", fixed(p.psnr(), 2), " dB</b>, bicubic ",
            detail::html_number(detail::decibels(bicubic), 2), " dB<br>", detail::escaped(p.picture->name),
            ", row ", p.top, ", column ", p.left, ", ", p.side, " x ", p.side, " pixels</p></section>");
  }
  return {step, html + "</div></details>\n"};
}

/// The section of the page: each validation; the page's script opens the last one. Nothing is to be seen
/// where there are no errors.
inline std::string worst_section(const std::vector<WorstPlaces>& validations) {
  std::string html;
  for (const WorstPlaces& one : validations) html += one.html;
  if (html.find("<section") == std::string::npos) return html;
  return "<h2>The worst places</h2>\n<p>Where the network errs most, in the pictures below, at each "
         "validation. The error: black is none, white is 64 of 255 or more.</p>\n" +
         html;
}

/// Those that a report shows of validations up to a step, for a training that goes on. None where there is no
/// such file.
inline std::vector<WorstPlaces> load_worst_places(const std::filesystem::path& report, Index last_step) {
  std::vector<WorstPlaces> all;
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(report, unknown)) return all;
  const std::string page = read_file("report", report), end = "</details>\n";
  std::size_t at = 0;
  while ((at = page.find(detail::worst_begin, at)) != std::string::npos) {
    const std::size_t number = at + std::string(detail::worst_begin).size();
    const std::optional<Index> step =
        whole_number_of(page.substr(number, page.find_first_not_of("0123456789", number) - number));
    const std::size_t close = page.find(end, number);
    if (!step || close == std::string::npos) return all;
    if (*step <= last_step) all.push_back({*step, page.substr(at, close + end.size() - at)});
    at = close;
  }
  return all;
}

}  // namespace crisp::report
