// See comparison.hpp.
#include "comparison.hpp"

#include <stb_easy_font.h>

#include "crisp/data/alpha.hpp"
#include "crisp/data/color.hpp"
#include "crisp/data/resize.hpp"

namespace crisp::program {

namespace {

constexpr Index margin = 16, caption = 28, panel_width = 600, details = 3, zoomed = 390;

data::Image rgb(const data::Image& x) {
  const data::Image y = data::over_white(x);
  return data::round_to_8bit(y.channels == 1 ? data::gray_to_rgb(y) : y);
}

void paste(const data::Image& from, data::Image& to, Index top, Index left) {
  for (Index i = 0; i < from.height; ++i)
    std::copy_n(from.samples.begin() + i * from.width * 3, from.width * 3,
                to.samples.begin() + ((top + i) * to.width + left) * 3);
}

void write(const std::string& text, data::Image& to, Index top, Index left) {
  constexpr Index size = 2;  // pixels for one of the font's
  struct Corner {
    float x, y, z;
    unsigned char colour[4];
  };
  std::vector<Corner> corners(64 * (text.size() + 1) * 4);
  std::string copy = text;
  const int quads =
      stb_easy_font_print(0, 0, copy.data(), nullptr, corners.data(), int(corners.size() * sizeof(Corner)));
  for (int q = 0; q < quads; ++q) {
    const Corner &a = corners[std::size_t(4 * q)], &b = corners[std::size_t(4 * q + 2)];
    for (Index y = Index(a.y) * size; y < Index(b.y) * size; ++y)
      for (Index x = Index(a.x) * size; x < Index(b.x) * size; ++x)
        if (top + y < to.height && left + x < to.width)
          for (Index c = 0; c < 3; ++c) to.at(top + y, left + x, c) = 30;
  }
}

void frame(data::Image& x, Index top, Index left, Index height, Index width) {
  const auto dot = [&](Index i, Index j) {
    if (i < 0 || j < 0 || i >= x.height || j >= x.width) return;
    x.at(i, j, 0) = 255, x.at(i, j, 1) = 200, x.at(i, j, 2) = 0;
  };
  for (Index j = left; j < left + width; ++j)
    dot(top, j), dot(top + 1, j), dot(top + height - 1, j), dot(top + height - 2, j);
  for (Index i = top; i < top + height; ++i)
    dot(i, left), dot(i, left + 1), dot(i, left + width - 1), dot(i, left + width - 2);
}

struct Place {
  Index top, left;
};

// The squares of the small image in which two enlargements differ most, none over another.
std::vector<Place> most_different(const data::Image& a, const data::Image& b, Index side, Index scale) {
  const Index rows = a.height / scale / side, cols = a.width / scale / side;
  std::vector<std::pair<double, Place>> all;
  for (Index i = 0; i < rows; ++i)
    for (Index j = 0; j < cols; ++j) {
      double difference = 0;
      for (Index y = i * side * scale; y < (i + 1) * side * scale; ++y)
        for (Index k = j * side * scale * 3; k < (j + 1) * side * scale * 3; ++k)
          difference += std::abs(a.samples[std::size_t(y * a.width * 3 + k)] -
                                 b.samples[std::size_t(y * a.width * 3 + k)]);
      all.push_back({difference, {i * side, j * side}});
    }
  std::stable_sort(all.begin(), all.end(), [](const auto& p, const auto& q) { return p.first > q.first; });
  std::vector<Place> places;
  for (std::size_t i = 0; i < all.size() && i < std::size_t(details); ++i) places.push_back(all[i].second);
  return places;
}

}  // namespace

data::Image comparison(const data::Image& input, const data::Image& result, Index scale,
                       const std::string& name) {
  const data::Image small = rgb(input), network = rgb(result),
                    bicubic = rgb(data::enlarge(data::fill_hidden(input), scale));
  const Index side = std::max<Index>(1, std::min({zoomed / (2 * scale), small.height / 3,
                                                  small.width / 3}));  // of a detail, in the small image
  const std::vector<Place> places = most_different(bicubic, network, side, scale);
  const double shrink = std::min(1.0, double(panel_width) / double(network.width));
  const Index height = std::max<Index>(1, Index(double(network.height) * shrink)),
              width = std::max<Index>(1, Index(double(network.width) * shrink));
  const Index total = std::max(2 * panel_width + 3 * margin, 3 * zoomed + 4 * margin);
  data::Image sheet(2 * margin + caption + height + Index(places.size()) * (caption + zoomed + margin), total,
                    3, 250);

  const auto panel = [&](const data::Image& x, Index left, const std::string& text) {
    write(text, sheet, margin, left);
    data::Image y = shrink < 1 ? data::resize(x, height, width, data::Resampling::bicubic_matlab) : x;
    for (const Place& p : places)
      frame(y, Index(double(p.top * scale) * shrink), Index(double(p.left * scale) * shrink),
            Index(double(side * scale) * shrink), Index(double(side * scale) * shrink));
    paste(data::round_to_8bit(y), sheet, margin + caption, left);
  };
  panel(bicubic, margin, "bicubic");
  panel(network, 2 * margin + std::max(width, panel_width), name);

  Index top = 2 * margin + caption + height;
  for (const Place& p : places) {
    Index left = margin;
    const auto square = [&](const data::Image& x, Index factor, const std::string& text) {
      write(text, sheet, top, left);
      paste(data::resize(data::crop(x, p.top * factor, p.left * factor, side * factor, side * factor), zoomed,
                         zoomed, data::Resampling::nearest),
            sheet, top + caption, left);
      left += zoomed + margin;
    };
    square(small, 1, "input");
    square(bicubic, scale, "bicubic");
    square(network, scale, name);
    top += caption + zoomed + margin;
  }
  return sheet;
}

}  // namespace crisp::program
