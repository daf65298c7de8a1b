// What is written to files, and read from them, is the same under every locale.
#include "crisp/data/degrade.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/train/trainer.hpp"
#include "crisp/zoo/settings.hpp"
#include "locales.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
namespace fs = std::filesystem;

namespace {

// More than a thousand numbers in a tensor and in an offset.
const models::SrcnnOptions wide{.f1 = 3, .f2 = 1, .f3 = 3, .n1 = 1200, .n2 = 2};
using Texts = std::map<std::string, std::string>;
using Net = models::Srcnn<float, Cpu>;

std::string text_of(const fs::path& file) { return read_file("test", file); }

void add_state(Texts& texts, const fs::path& folder) {
  seed(1);
  Net net(wide);
  optim::Adam<float, Cpu> adam(net, {.lr = 1.5e-3});
  const train::Progress progress{12345, 1234.5678, 31.25, 1200};
  const io::Metadata settings{{"lr", str(adam.lr())}, {"steps", str(Index(20000))}};
  train::save_state(folder / "state.safetensors", net, adam, progress, settings);
  texts["state"] = text_of(folder / "state.safetensors");
  const train::Progress read = train::load_state(folder / "state.safetensors", net, adam, settings);
  texts["progress"] = str(read.step, " ", read.seconds, " ", read.best_psnr, " ", read.best_step);
  CHECK(read.seconds == 1234.5678);

  io::save(folder / "weights.safetensors", net, {{"scale", str(2.5)}});
  texts["weights"] = text_of(folder / "weights.safetensors");
  CHECK(io::load(folder / "weights.safetensors", net).at("scale") == "2.5");
}

void add_report(Texts& texts, const fs::path& folder) {
  report::History history;
  history.rows = {{1000, 0.5, 0.125, 1e-3, 0.25, {}, {}}, {2000, 1234.5, 0, 1.5e-4, 1.0 / 3, 31.5, 0.875}};
  history.save(folder / "metrics.csv");
  texts["metrics"] = text_of(folder / "metrics.csv");
  const report::History read = report::History::load(folder / "metrics.csv", 1500);
  CHECK(read.rows.size() == 1);
  CHECK(read.rows.at(0).loss == 0.25);
  CHECK(report::History::load(folder / "metrics.csv", 2000).rows.at(1).psnr == 31.5);
  report::save_report(folder / "report.html", {"Title", "protocol", {{"lr", str(0.5)}}, history, 29.5, {}});
  texts["report"] = text_of(folder / "report.html");
  texts["duration"] = report::duration(59.4) + report::duration(61) + report::duration(7384);
}

// All that is written with numbers; what is read is checked at once.
Texts texts_in(const fs::path& folder) {
  Texts texts;
  add_state(texts, folder);
  add_report(texts, folder);
  texts["degradation"] = data::describe(data::degradation("noise:2.5"));
  CHECK(data::degradation("blur:1.6").value == 1.6);
  zoo::SettingsReader given(zoo::Settings{{"residual_scale", "0.1"}}), own(zoo::Settings{});
  texts["setting"] =
      str(given.real("residual_scale", 1), own.real("mlp_ratio", 2.5), own.number("features", 1200));
  CHECK(given.real("residual_scale", 1) == 0.1);
  texts["own"] = own.used().at("mlp_ratio") + " " + own.used().at("features");
  texts["message"] = error_of([] { check(false, Shape{1200, 3}, " ", 1234567, " ", 0.5); });
  return texts;
}

void check_same(const Texts& expected, const fs::path& folder) {
  for (const auto& found : texts_in(folder)) {
    INFO("what differs: " << found.first);
    CHECK((found.second == expected.at(found.first)));
  }
}

}  // namespace

TEST_CASE("files and messages are the same under every locale") {
  const TemporaryFolder folder;
  const Texts expected = texts_in(folder.path);
  CHECK(expected.at("progress") == "12345 1234.57 31.25 1200");
  CHECK(expected.at("metrics") ==
        "step,seconds,waited,lr,loss,psnr,ssim\n1000,0.5,0.125,0.001,0.25,,\n2000,1234.5,0,0.00015,0."
        "3333333333,31.5,0.875\n");
  CHECK(expected.at("degradation") == "noise:2.5");
  CHECK(expected.at("message") == "(1200, 3) 1234567 0.5");
  CHECK(expected.at("duration") == "59 s1 min 01 s2 h 03 min");
  {
    const CommaLocale of_streams;
    check_same(expected, folder.path);
  }
  const GermanLocale of_c(folder.path);
  if (!of_c.is_there()) return;
  check_same(expected, folder.path);
  const CommaLocale both;
  check_same(expected, folder.path);
}

TEST_CASE("a training under a decimal comma is gone on with under a point") {
  const TemporaryFolder folder;
  const auto run = [&](bool resume, Index steps_to_stop) {
    seed(1);
    const data::PatchDataset patches(data::dead_leaves({.count = 2, .height = 40, .width = 40}),
                                     {.patch = 12});
    Net net({.f1 = 3, .f2 = 1, .f3 = 3, .n1 = 3, .n2 = 2});
    optim::Adam<float, Cpu> adam(net, {.lr = 1.5e-3});
    Index steps = 0;
    const auto loss = [&](const auto& x, const auto& target) {
      if (++steps == steps_to_stop) std::raise(SIGHUP);
      const auto y = net.valid(x);
      return mse_loss(y, centre(target, y[1], y[2]));
    };
    train::FitOptions o{.out = folder.path / "run", .steps = 10, .ema = 0.5, .resume = resume, .quiet = true};
    return train::fit(net, adam, patches, loss, o);
  };
  {
    const CommaLocale comma;
    CHECK(run(false, 6).interrupted);
  }
  const train::FitResult whole = run(true, 0);
  CHECK(whole.progress.step == 10);
  CHECK_FALSE(whole.was_finished);
  CHECK(run(true, 0).was_finished);
}

TEST_CASE("a row of metrics.csv that is none is refused") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "metrics.csv";
  for (const char* row :
       {"1,2,3", "1,0.5,0,0.1,0.2,,,", "1.5,0.5,0.1,0.2,,", "1,0.5,0.1,0.2,many,", "1,\"0,5\",0.1,0.2,,"}) {
    write_file("test", file, std::string("step,seconds,lr,loss,psnr,ssim\n") + row + "\n");
    CHECK_ERROR(report::History::load(file, 9), "has a row that is not one");
  }
  CHECK(report::History::load(folder.path / "none.csv", 9).rows.empty());
}
