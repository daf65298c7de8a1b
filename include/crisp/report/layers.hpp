// LayerHistory: what a watched training measured of each layer, its file layers.csv, and its charts.
#pragma once
#include <map>

#include "crisp/report/history.hpp"
#include "crisp/report/html.hpp"
#include "crisp/report/plot.hpp"

namespace crisp::report {

/// A layer at a step.
struct LayerRow {
  Index step = 0;
  std::string layer;           // "conv1"
  double gradient = 0;         // the root of the sum of the squares of its gradient
  std::optional<double> dead;  // of the units that its ReLU makes, the share that is dead, 0..1
};

struct LayerHistory {
  std::vector<LayerRow> rows;

  /// Writes all rows; the file appears whole or not at all. Throws Error.
  void save(const std::filesystem::path& path) const {
    const auto text_of = [](double value) { return number_text(value, std::chars_format::general, 6); };
    std::string out = "step,layer,gradient,dead\n";
    for (const LayerRow& row : rows)
      out += str(row.step, ",", row.layer, ",", text_of(row.gradient), ",",
                 row.dead ? text_of(*row.dead) : "", "\n");
    write_file("layers", path, out);
  }

  /// Reads the rows up to and with `last_step`, as History does. Throws Error for a row that is not one.
  static LayerHistory load(const std::filesystem::path& path, Index last_step) {
    LayerHistory history;
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown)) return history;
    std::istringstream file(read_file("layers", path));
    std::string line;
    std::getline(file, line);  // the names of the columns
    while (std::getline(file, line)) {
      const std::vector<std::string> cells = detail::cells_of(line);
      const bool whole = cells.size() == 4;
      const std::optional<Index> step = whole ? whole_number_of(cells[0]) : std::nullopt;
      const std::optional<double> gradient = whole ? number_of(cells[2]) : std::nullopt;
      check(step && gradient, "layers: '", path.string(), "' has a row that is not one: '", line, "'");
      if (*step <= last_step) history.rows.push_back({*step, cells[1], *gradient, number_of(cells[3])});
    }
    return history;
  }
};

namespace detail {

// From blue, the first layer, to red, the last one.
inline std::string layer_colour(std::size_t layer, std::size_t layers) {
  const double share = layers > 1 ? double(layer) / double(layers - 1) : 0;
  return str("hsl(", std::lround(225 - 225 * share), " 75% 52%)");
}

struct LayerCurve {
  std::string layer;
  std::vector<PlotPoint> points;
};

// The curves of what value_of(row) gives, in the order of the layers.
template <class F>
std::vector<LayerCurve> layer_curves(const LayerHistory& history, const F& value_of) {
  std::vector<LayerCurve> curves;
  std::map<std::string, std::size_t> places;
  for (const LayerRow& row : history.rows) {
    const std::optional<double> value = value_of(row);
    if (!value) continue;
    const std::size_t place = places.emplace(row.layer, curves.size()).first->second;
    if (place == curves.size()) curves.push_back({row.layer, {}});
    curves[place].points.push_back({double(row.step), *value});
  }
  return curves;
}

// The names in the colours of their curves; of many layers some.
inline std::string layer_legend(const std::vector<LayerCurve>& curves) {
  constexpr std::size_t limit = 12;
  const std::size_t step = (curves.size() + limit - 1) / limit;
  std::string html = "<p class=\"legend\">";
  for (std::size_t i = 0; i < curves.size(); i += step)
    html += str("<span style=\"color:", layer_colour(i, curves.size()), "\">&#9632;</span> ",
                escaped(curves[i].layer), " ");
  return html + (step > 1 ? "and those between" : "") + "</p>";
}

// The chart holds the points of the options, which are not drawn.
inline std::string layer_chart(PlotOptions o, const std::vector<LayerCurve>& curves) {
  for (const LayerCurve& curve : curves)
    for (const PlotPoint& point : curve.points)
      if (is_finite(point.y) && (!o.log || point.y > 0)) o.points.push_back(point);
  if (curves.empty() || o.points.empty()) return "";
  const Axes axes(o, o.points);
  std::string svg = plot_frame(o, axes);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    svg += str("<polyline class=\"curve layer\" style=\"stroke:", layer_colour(i, curves.size()),
               "\" points=\"");
    for (const PlotPoint& point : curves[i].points)
      if (is_finite(point.y) && (!o.log || point.y > 0))
        svg += str(axes.x(point.x), ",", axes.y(point.y), " ");
    svg += "\"/>";
  }
  return "<div>" + svg + "</svg>" + layer_legend(curves) + "</div>";
}

}  // namespace detail

/// Both charts as HTML; empty where nothing was watched.
inline std::string layer_charts(const LayerHistory& history) {
  if (history.rows.empty()) return "";
  const auto gradient = [](const LayerRow& row) { return std::optional(row.gradient); };
  const auto dead = [](const LayerRow& row) {
    return row.dead ? std::optional(100 * *row.dead) : std::nullopt;
  };
  return "<h2>Layers</h2>\n<p>A unit is dead where a ReLU makes zero of it everywhere, in all pictures of "
         "the batch: a channel that no gradient reaches.</p><div class=\"charts\">" +
         detail::layer_chart({"Gradient of each layer", "length (norm), logarithmic", true, {}},
                             detail::layer_curves(history, gradient)) +
         detail::layer_chart(
             {"Dead units of each layer", "%, of the channels behind a ReLU", false, {{0, 0}, {0, 5}}},
             detail::layer_curves(history, dead)) +
         "</div>\n";
}

}  // namespace crisp::report
