// scatter: named points in a plane as an SVG file of its own, such as PSNR over time of several methods.
#pragma once
#include "crisp/report/plot.hpp"

namespace crisp::report {

struct NamedPoint {
  std::string name;
  double x, y;
};

struct ScatterOptions {
  std::string title, x_name, y_name;
  std::vector<NamedPoint> points;  // x above 0: its axis is logarithmic
};

namespace detail {

// From what is measured to units of the chart.
struct ScatterAxes {
  static constexpr double left = 70, right = 690;
  static constexpr double top = 46, bottom = 400;
  double x_low, x_high, y_low, y_high;

  explicit ScatterAxes(const std::vector<NamedPoint>& points)
      : x_low(points[0].x), x_high(x_low), y_low(points[0].y), y_high(y_low) {
    for (const NamedPoint& p : points) {
      x_low = std::min(x_low, p.x);
      x_high = std::max(x_high, p.x);
      y_low = std::min(y_low, p.y);
      y_high = std::max(y_high, p.y);
    }
    x_low /= 2;
    x_high *= 4;  // room for the last name
    const double room = std::max(0.1 * (y_high - y_low), 0.01);
    y_low -= room;
    y_high += room;
  }
  double x(double v) const { return left + (right - left) * std::log(v / x_low) / std::log(x_high / x_low); }
  double y(double v) const { return bottom - (bottom - top) * (v - y_low) / (y_high - y_low); }
};

inline std::string svg_line(double x1, double y1, double x2, double y2) {
  return str("<line stroke=\"#ddd\" x1=\"", x1, "\" y1=\"", y1, "\" x2=\"", x2, "\" y2=\"", y2, "\"/>\n");
}
inline std::string svg_text(const char* anchor, double x, double y, const std::string& text) {
  return str("<text text-anchor=\"", anchor, "\" x=\"", x, "\" y=\"", y, "\">", text, "</text>\n");
}

}  // namespace detail

/// The chart, 720 x 450 units. Throws Error where there is no point, or an x is not above 0, or a value is
/// not finite.
inline std::string scatter(const ScatterOptions& o) {
  using detail::ScatterAxes, detail::svg_line, detail::svg_text, detail::short_number;
  check(!o.points.empty(), "scatter: there is no point to draw");
  for (const NamedPoint& p : o.points)
    check(is_finite(p.x) && is_finite(p.y) && p.x > 0, "scatter: '", p.name, "' lies at ", p.x, ", ", p.y,
          "; x must be above 0, and both finite");
  const ScatterAxes axes(o.points);
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 720 450\" font-family=\"sans-serif\" "
      "font-size=\"13\" fill=\"#333\">\n<rect width=\"720\" height=\"450\" fill=\"white\"/>\n";
  svg += svg_text("start", axes.left, 24, o.title);
  for (const double tick : detail::ticks(axes.y_low, axes.y_high, false))
    svg += svg_line(axes.left, axes.y(tick), axes.right, axes.y(tick)) +
           svg_text("end", axes.left - 8, axes.y(tick) + 4, short_number(tick));
  for (const double tick : detail::ticks(axes.x_low, axes.x_high, true))
    svg += svg_line(axes.x(tick), axes.top, axes.x(tick), axes.bottom) +
           svg_text("middle", axes.x(tick), axes.bottom + 18, short_number(tick));
  svg += svg_text("end", axes.right, axes.bottom + 38, o.x_name) +
         svg_text("start", axes.left, axes.top - 6, o.y_name);
  for (const NamedPoint& p : o.points)
    svg += str("<circle r=\"4\" fill=\"#1f6feb\" cx=\"", axes.x(p.x), "\" cy=\"", axes.y(p.y), "\"/>\n") +
           svg_text("start", axes.x(p.x) + 8, axes.y(p.y) + 4, p.name);
  return svg + "</svg>\n";
}

}  // namespace crisp::report
