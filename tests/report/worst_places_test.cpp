// The worst places of the report: found where the error is, once each, with their PSNR.
#include "crisp/report/report.hpp"

#include "support.hpp"

using namespace crisp;
using namespace crisp::report;
using namespace crisp::test;

namespace {

// A gray picture that the network has right, but for a square of 8 pixels in which it errs by so much.
ReportPicture with_error(const std::string& name, Index top, Index left, float error) {
  ReportPicture p;
  p.name = name;
  p.lr = data::Image(32, 32, 1, 100);
  p.hr = p.bicubic = p.result = data::Image(64, 96, 1, 100);
  for (Index y = top; y < top + 8; ++y)
    for (Index x = left; x < left + 8; ++x) p.result.at(y, x) += error;
  return p;
}

}  // namespace

TEST_CASE("the worst places: the largest error first, each once, none without an error") {
  std::vector<ReportPicture> pictures{with_error("a", 40, 70, 20), with_error("b", 4, 4, 40)};
  const std::vector<Place> places = worst_places(pictures);
  REQUIRE(places.size() == 2);
  CHECK(places[0].picture->name == "b");
  CHECK(places[0].top == 0);
  CHECK(places[0].left == 0);
  CHECK(places[0].side == 32);
  CHECK(places[0].mse == doctest::Approx(40 * 40 * 64 / (32.0 * 32)));
  CHECK(places[0].psnr() == doctest::Approx(28.13).epsilon(0.001));
  CHECK(places[1].picture->name == "a");
  CHECK(places[1].top == 16);  // of the squares that hold it whole the first
  CHECK(places[1].left == 48);
  CHECK(worst_places(pictures, 1).size() == 1);
  pictures.pop_back();
  pictures[0].result = pictures[0].hr;
  CHECK(worst_places(pictures).empty());
  const std::string nothing = worst_section({worst_of_validation(5, 30, pictures)});
  CHECK(nothing == "<details class=\"worst\" data-step=\"5\" hidden></details>\n");  // for load_worst_places
}

TEST_CASE("the worst places of pictures smaller than a square, in colour; the section names them") {
  ReportPicture p;
  p.name = "<small>";
  p.lr = data::Image(5, 4, 3, 9);
  p.hr = p.bicubic = p.result = data::Image(10, 9, 3, 9);
  p.result.at(9, 8, 2) = 0;
  const std::vector<Place> places = worst_places({p});
  CHECK(places.empty());  // the last row lies beyond the squares of 9
  p.result.at(2, 8, 2) = 0;
  const WorstPlaces worst = worst_of_validation(20, 31.25, {p});
  const std::string html = worst_section({worst});
  CHECK(contains(html, "Step 20: 31.250 dB"));
  CHECK(contains(html, "&lt;small&gt;, row 0, column 0, 9 x 9 pixels"));
  CHECK(contains(html, "bicubic &infin; dB"));
  Report report{"title", "protocol", {}, {}, 0, {p}, {}, {worst}};
  CHECK(contains(report_page(report), "The worst places"));
  const data::Image map = report::detail::error_map(p.result, p.hr);
  CHECK(map.at(2, 8) == 12);  // 4 times the mean of 0, 0, 9
  CHECK(map.at(0, 0) == 0);
}

TEST_CASE("the worst places of each validation are kept in the page, for a training that goes on") {
  const TemporaryFolder folder;
  const std::vector<ReportPicture> pictures{with_error("a", 40, 70, 20)};
  Report report{"title", "protocol", {}, {}, 0, pictures};
  for (const Index step : {100, 200, 300}) report.worst.push_back(worst_of_validation(step, 30, pictures));
  save_report(folder.path / "report.html", report);
  const std::vector<WorstPlaces> kept = load_worst_places(folder.path / "report.html", 200);
  REQUIRE(kept.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(kept[i].step == report.worst[i].step);
    CHECK(kept[i].html == report.worst[i].html);
  }
  CHECK(load_worst_places(folder.path / "missing.html", 200).empty());
  write_file("test", folder.path / "cut.html", report_page(report).substr(0, 5000));
  CHECK(load_worst_places(folder.path / "cut.html", 200).size() < 2);
}
