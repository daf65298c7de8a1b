// Pictures of what was learnt: the mosaic of tiles, and the chart of methods.
#include "crisp/report/mosaic.hpp"
#include "crisp/report/scatter.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;

TEST_CASE("mosaic: tiles around a middle gray, the strongest first, white lines between") {
  data::Image weak(1, 2, 1), strong(1, 2, 1);
  weak.samples = {0.0f, 1.0f};
  strong.samples = {-2.0f, 1.0f};
  const data::Image y = report::mosaic({weak, strong}, {.columns = 2, .enlarge = 1, .sorted = true});
  REQUIRE(y.height == 3);
  REQUIRE(y.width == 7);
  const std::vector<float> row(y.samples.begin() + 7, y.samples.begin() + 14);
  CHECK(row == std::vector<float>{255, 0, 191.25f, 255, 127.5f, 255, 255});
  const data::Image maps = report::mosaic({weak, weak, weak}, {.enlarge = 3, .symmetric = false});
  CHECK(maps.height == 2 * 4 + 1);  // two rows of 3 pixels
  CHECK(maps.width == 2 * 7 + 1);
  CHECK(maps.at(1, 1) == 0);
  CHECK(maps.at(1, 4) == 255);
  CHECK_ERROR(report::mosaic({}), "there are no tiles");
  CHECK_ERROR(report::mosaic({weak, data::Image(2, 2, 1)}),
              "the tiles differ in size: 1 x 2 gray and 2 x 2 gray");
  CHECK_ERROR(report::mosaic({weak}, {.enlarge = 0}), "enlarged by 0");
}

TEST_CASE("scatter: every point is drawn with its name, inside the chart") {
  const std::string svg = report::scatter({"t", "s", "dB", {{"gr", 0.02, 31.4}, {"zeyde", 3.1, 31.9}}});
  for (const char* part : {"<svg xmlns", ">gr</text>", ">zeyde</text>", ">dB</text>", "</svg>"})
    CHECK(contains(svg, part));
  CHECK_FALSE(contains(svg, "nan"));
  CHECK_FALSE(contains(svg, "inf"));
  // Of three points side by side: the first name to the left, the second above, the last to the right; and
  // one at the edge, whose name would run out of the chart.
  const std::string near = report::scatter({"t",
                                            "s",
                                            "dB",
                                            {{"bicubic", 0.001, 30},
                                             {"zeyde", 0.14, 31.88},
                                             {"anr", 0.22, 31.87},
                                             {"ne-lle", 0.35, 31.8},
                                             {"self-similarity", 2.8, 32.2}}});
  const auto anchor = [&](const std::string& name) {
    const std::string until = near.substr(0, near.find(">" + name + "</text>"));
    const std::string from = until.substr(until.rfind("anchor=") + 8);
    return from.substr(0, from.find('"'));
  };
  CHECK(anchor("zeyde") == "end");
  CHECK(anchor("anr") == "middle");
  CHECK(anchor("ne-lle") == "start");
  CHECK(anchor("self-similarity") == "end");
  CHECK_ERROR(report::scatter({}), "there is no point to draw");
  CHECK_ERROR(report::scatter({"", "", "", {{"x", 0, 1}}}), "'x' lies at 0, 1");
}
