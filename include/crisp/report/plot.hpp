// plot: a line chart as inline SVG, for the report.
#pragma once
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "crisp/core/error.hpp"
#include "crisp/core/finite.hpp"
#include "crisp/core/text.hpp"

namespace crisp::report {

struct PlotPoint {
  double x, y;
};

struct PlotOptions {
  std::string title, unit;
  bool log = false;  // logarithmic y
  std::vector<PlotPoint> points;
  double level = 0;  // a dashed horizontal line to compare with; 0 or infinite: none
  std::string level_name = "";

  bool has_level() const { return level != 0 && is_finite(level); }
};

namespace detail {

inline std::string short_number(double v) {
  const bool extreme = std::abs(v) >= 1e7 || (v != 0 && std::abs(v) < 1e-3);
  return extreme ? number_text(v, std::chars_format::scientific, 1)
                 : number_text(v, std::chars_format::general, 7);
}

// 1, 2, 5 or 10: what is near to `value`, from 1 to 10.
inline double round_digit(double value) {
  if (value < 1.5) return 1;
  if (value < 3.5) return 2;
  return value < 7.5 ? 5 : 10;
}

// Round numbers from low to high, about five. For a logarithmic axis of more than ten times: the powers of
// ten, and 2 and 5 times them; in a long range the powers alone.
inline std::vector<double> ticks(double low, double high, bool log) {
  std::vector<double> values;
  if (log && high > 10 * low) {
    const bool few = std::log10(high / low) > 2.5;
    for (double power = std::pow(10, std::floor(std::log10(low))); power <= high; power *= 10)
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * power;
        if (value >= low && value <= high && (digit == 1 || !few)) values.push_back(value);
      }
    return values;
  }
  const double raw = (high - low) / 5, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * round_digit(raw / power);
  for (double value = std::ceil(low / step) * step; value <= high + step * 1e-9; value += step)
    values.push_back(std::abs(value) < step * 1e-9 ? 0 : value);
  return values;
}

// From what is measured to units of the chart.
struct Axes {
  static constexpr double left = 62, right = 545;
  static constexpr double top = 34, bottom = 262;
  double last_x = 1;
  double low, high;
  bool log;

  /// The range of y has some room around the points.
  Axes(const PlotOptions& o, const std::vector<PlotPoint>& points) : low(points[0].y), high(low), log(o.log) {
    for (const PlotPoint& point : points) {
      last_x = std::max(last_x, point.x);
      include(point.y);
    }
    if (o.has_level()) include(o.level);
    const double room = std::max(0.05 * (high - low), 0.01);
    low = log ? low / 1.15 : low - room;
    high = log ? high * 1.15 : high + room;
  }
  void include(double y) {
    low = std::min(low, y);
    high = std::max(high, y);
  }

  double x(double value) const { return left + (right - left) * value / last_x; }
  double y(double value) const {
    const double share = log ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    return bottom - (bottom - top) * share;
  }
};

inline std::string horizontal_line(const char* kind, double y) {
  return str("<line class=\"", kind, "\" x1=\"", Axes::left, "\" x2=\"", Axes::right, "\" y1=\"", y,
             "\" y2=\"", y, "\"/>");
}

inline std::string label(const char* anchor, double x, double y, const std::string& text) {
  return str("<text class=\"tick\" text-anchor=\"", anchor, "\" x=\"", x, "\" y=\"", y, "\">", text,
             "</text>");
}

// The beginning of a chart: its title, its grid, and the numbers beside it.
inline std::string plot_frame(const PlotOptions& o, const Axes& axes) {
  std::string svg =
      str("<svg viewBox=\"0 0 560 300\" role=\"img\" aria-label=\"", o.title, "\"><text class=\"title\" x=\"",
          Axes::left, "\" y=\"20\">", o.title, " <tspan class=\"unit\">", o.unit, "</tspan></text>");
  for (const double tick : ticks(axes.low, axes.high, o.log)) {
    const double y = axes.y(tick);
    svg += horizontal_line("grid", y) + label("end", Axes::left - 8, y + 4, short_number(tick));
  }
  for (const double tick : ticks(0, axes.last_x, false)) {
    const double x = axes.x(tick);
    svg += label(x > Axes::right - 20 ? "end" : "middle", x, Axes::bottom + 18, short_number(tick));
  }
  return svg + label("end", Axes::right, Axes::bottom + 34, "step");
}

}  // namespace detail

/// The chart, 560 x 300 units, coloured by the page's style; a sentence where there is nothing to draw yet.
inline std::string plot(const PlotOptions& o) {
  using detail::Axes, detail::horizontal_line, detail::label, detail::short_number;
  std::vector<PlotPoint> points;
  for (const PlotPoint& point : o.points)
    if (is_finite(point.y) && (!o.log || point.y > 0)) points.push_back(point);
  if (points.empty()) return "<p class=\"none\">" + o.title + ": nothing measured yet.</p>";
  const Axes axes(o, points);
  std::string svg = detail::plot_frame(o, axes);
  if (o.has_level()) {
    const double y = axes.y(o.level);
    const std::string level = short_number(std::round(100 * o.level) / 100);
    svg += horizontal_line("level", y) + label("end", Axes::right, y - 6, o.level_name + " " + level);
  }
  svg += "<polyline class=\"curve\" points=\"";
  for (const PlotPoint& point : points) svg += str(axes.x(point.x), ",", axes.y(point.y), " ");
  const PlotPoint& last = points.back();
  return svg + str("\"/><circle class=\"dot\" r=\"3.5\" cx=\"", axes.x(last.x), "\" cy=\"", axes.y(last.y),
                   "\"/></svg>");
}

}  // namespace crisp::report
