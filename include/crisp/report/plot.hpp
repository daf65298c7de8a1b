// plot: a line chart as inline SVG, for the report.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "crisp/core/error.hpp"
#include "crisp/core/finite.hpp"

namespace crisp::report {

struct PlotPoint {
  double x, y;
};

struct PlotOptions {
  std::string title, unit;
  bool log = false;               // logarithmic y
  std::vector<PlotPoint> points;
  double level = 0;               // a dashed horizontal line to compare with; 0: none
  std::string level_name = "";
};

namespace detail {

inline std::string short_number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, std::abs(v) >= 1e7 || (v != 0 && std::abs(v) < 1e-3) ? "%.1e" : "%.7g", v);
  return text;
}

// Round numbers from low to high, about five; for a logarithmic axis of more than ten times the powers of ten and 2 and 5
// times them, in a long range the powers alone.
inline std::vector<double> ticks(double low, double high, bool log) {
  std::vector<double> at;
  if (log && high > 10 * low) {
    const bool few = std::log10(high / low) > 2.5;
    for (double p = std::pow(10, std::floor(std::log10(low))); p <= high; p *= 10)
      for (double m : {1.0, 2.0, 5.0})
        if (m * p >= low && m * p <= high && (m == 1 || !few)) at.push_back(m * p);
    return at;
  }
  const double raw = (high - low) / 5, power = std::pow(10, std::floor(std::log10(raw)));
  const double step = power * (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10);
  for (double t = std::ceil(low / step) * step; t <= high + step * 1e-9; t += step) at.push_back(std::abs(t) < step * 1e-9 ? 0 : t);
  return at;
}

}  // namespace detail

/// The chart, 560 x 300 units, coloured by the page's style; a sentence where there is nothing to draw yet.
inline std::string plot(const PlotOptions& o) {
  std::vector<PlotPoint> points;
  for (const PlotPoint& p : o.points)
    if (is_finite(p.y) && (!o.log || p.y > 0)) points.push_back(p);
  if (points.empty()) return "<p class=\"none\">" + o.title + ": nothing measured yet.</p>";
  double x1 = 1, low = points[0].y, high = low;
  for (const PlotPoint& p : points) x1 = std::max(x1, p.x), low = std::min(low, p.y), high = std::max(high, p.y);
  if (o.level != 0) low = std::min(low, o.level), high = std::max(high, o.level);
  if (o.log) low /= 1.15, high *= 1.15;
  else {
    const double room = std::max(0.05 * (high - low), 0.01);
    low -= room, high += room;
  }
  constexpr double left = 62, right = 545, top = 34, bottom = 262;
  const auto fx = [&](double x) { return left + (right - left) * x / x1; };
  const auto fy = [&](double y) {
    const double t = o.log ? std::log(y / low) / std::log(high / low) : (y - low) / (high - low);
    return bottom - (bottom - top) * t;
  };
  std::string s = str("<svg viewBox=\"0 0 560 300\" role=\"img\" aria-label=\"", o.title, "\"><text class=\"title\" x=\"", left, "\" y=\"20\">", o.title,
                      " <tspan class=\"unit\">", o.unit, "</tspan></text>");
  for (double t : detail::ticks(low, high, o.log))
    s += str("<line class=\"grid\" x1=\"", left, "\" x2=\"", right, "\" y1=\"", fy(t), "\" y2=\"", fy(t), "\"/><text class=\"tick\" text-anchor=\"end\" x=\"",
             left - 8, "\" y=\"", fy(t) + 4, "\">", detail::short_number(t), "</text>");
  for (double t : detail::ticks(0, x1, false))
    s += str("<text class=\"tick\" text-anchor=\"", fx(t) > right - 20 ? "end" : "middle", "\" x=\"", fx(t), "\" y=\"", bottom + 18, "\">", detail::short_number(t), "</text>");
  s += str("<text class=\"tick\" text-anchor=\"end\" x=\"", right, "\" y=\"", bottom + 34, "\">step</text>");
  if (o.level != 0)
    s += str("<line class=\"level\" x1=\"", left, "\" x2=\"", right, "\" y1=\"", fy(o.level), "\" y2=\"", fy(o.level), "\"/><text class=\"tick\" text-anchor=\"end\" x=\"",
             right, "\" y=\"", fy(o.level) - 6, "\">", o.level_name, " ", detail::short_number(std::round(100 * o.level) / 100), "</text>");
  s += "<polyline class=\"curve\" points=\"";
  for (const PlotPoint& p : points) s += str(fx(p.x), ",", fy(p.y), " ");
  return s + str("\"/><circle class=\"dot\" r=\"3.5\" cx=\"", fx(points.back().x), "\" cy=\"", fy(points.back().y), "\"/></svg>");
}

}  // namespace crisp::report
