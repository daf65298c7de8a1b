// scatter: named points in a plane as an SVG file of its own, such as PSNR over time of several methods.
#pragma once
#include <array>

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

// What a point or a name covers, in units of the chart.
struct ChartBox {
  double left, top, right, bottom;

  bool overlaps(const ChartBox& b) const {
    return left < b.right && b.left < right && top < b.bottom && b.top < bottom;
  }
  bool within(const ChartBox& b) const {
    return left >= b.left && right <= b.right && top >= b.top && bottom <= b.bottom;
  }
};

// A name beside its point (x, y).
struct ChartLabel {
  const char* anchor;  // as SVG has it
  double x, y;         // of that end of the text, on its base line
  ChartBox box;
};

// The four places for a name, the best first: to the right, to the left, above, below.
inline std::array<ChartLabel, 4> label_places(const std::string& name, double x, double y) {
  constexpr double letter = 7.5, above = 11, below = 4;  // of a text of 13 units, at most
  const double width = letter * double(name.size()), half = width / 2;
  const auto at = [&](const char* anchor, double to_x, double to_y, double left) {
    return ChartLabel{anchor, to_x, to_y, {left, to_y - above, left + width, to_y + below}};
  };
  return {at("start", x + 8, y + 4, x + 8), at("end", x - 8, y + 4, x - 8 - width),
          at("middle", x, y - 9, x - half), at("middle", x, y + 18, x - half)};
}

// For each point, the first place where its name covers no point, no name before it, and nothing outside the
// chart; the first of all where there is none.
inline std::vector<ChartLabel> labels_of(const std::vector<NamedPoint>& points, const ScatterAxes& axes) {
  constexpr double radius = 5;
  const ChartBox chart{ScatterAxes::left, ScatterAxes::top, ScatterAxes::right, ScatterAxes::bottom};
  std::vector<ChartBox> taken;
  for (const NamedPoint& p : points) {
    const double x = axes.x(p.x), y = axes.y(p.y);
    taken.push_back({x - radius, y - radius, x + radius, y + radius});
  }
  std::vector<ChartLabel> labels;
  for (const NamedPoint& p : points) {
    const auto places = label_places(p.name, axes.x(p.x), axes.y(p.y));
    const auto fits = [&](const ChartLabel& label) {
      return label.box.within(chart) && std::none_of(taken.begin(), taken.end(), [&](const ChartBox& box) {
               return label.box.overlaps(box);
             });
    };
    const auto found = std::find_if(places.begin(), places.end(), fits);
    labels.push_back(found == places.end() ? places[0] : *found);
    taken.push_back(labels.back().box);
  }
  return labels;
}

}  // namespace detail

/// The chart, 720 x 450 units, with the names where they cover neither points nor each other. Throws Error
/// where there is no point, or an x is not above 0, or a value is not finite.
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
  const std::vector<detail::ChartLabel> labels = detail::labels_of(o.points, axes);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const NamedPoint& p = o.points[i];
    svg += str("<circle r=\"4\" fill=\"#1f6feb\" cx=\"", axes.x(p.x), "\" cy=\"", axes.y(p.y), "\"/>\n") +
           svg_text(labels[i].anchor, labels[i].x, labels[i].y, p.name);
  }
  return svg + "</svg>\n";
}

}  // namespace crisp::report
