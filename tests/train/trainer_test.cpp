// The training loop: determinism, resuming, validation, errors, the report.
#include <thread>

#include "crisp/data/tensor_dataset.hpp"
#include "crisp/nn/linear.hpp"
#include "crisp/optim/sgd.hpp"
#include "train/small_training.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::io;
using namespace crisp::report;
using namespace crisp::test;

TEST_CASE(
    "accumulated gradients and averaged weights: stopped and resumed or not, the same; the checkpoint holds "
    "the average") {
  const TemporaryFolder folder;
  Setup whole, stopped, resumed, plain;
  const FitOptions o{.steps = 12, .accumulate = 3, .ema = 0.9};
  const auto in = [&](const char* name, bool resume, FitOptions base) {
    base.out = folder.path / name;
    base.resume = resume;
    return base;
  };
  whole.run(in("a", false, o));
  FitOptions with_stop = in("b", false, o);
  with_stop.validate_every = 5;
  with_stop.validate = [] {
    std::raise(SIGINT);
    return psnr(30);
  };
  CHECK(stopped.run(with_stop).progress.step == 6);
  FitOptions rest = in("b", true, o);
  rest.validate_every = 5;
  CHECK(resumed.run(rest).progress.step == 12);
  CHECK(resumed.weights() == whole.weights());
  Net of_whole(tiny), of_resumed(tiny);
  load(folder.path / "a" / "last.safetensors", of_whole);
  load(folder.path / "b" / "last.safetensors", of_resumed);
  CHECK(all_weights(of_whole) == all_weights(of_resumed));
  CHECK(all_weights(of_whole) != whole.weights());
  plain.run({.out = folder.path / "c", .steps = 12});
  CHECK(plain.weights() != whole.weights());
  CHECK_ERROR(plain.run({.out = folder.path / "d", .steps = 1, .accumulate = 0}),
              "of at least 1 batch make a step, not of 0");
}

TEST_CASE("a validation that gives no number ends the training, and says so") {
  const TemporaryFolder folder;
  Setup setup;
  CHECK_ERROR(setup.run({.out = folder.path / "n", .steps = 4, .validate = [] { return psnr(NAN); }}),
              "the validation gives a PSNR that is not a number at step 1");
}

TEST_CASE("an infinite PSNR is plain text in the checkpoints, and stays the best when the training goes on") {
  const TemporaryFolder folder;
  const auto run = [&](Setup&& setup, bool resume) {
    Validation found = psnr(INFINITY);
    found.bicubic_psnr = INFINITY;
    return setup.run({.out = folder.path, .steps = 4, .validate = [=] { return found; }, .resume = resume});
  };
  Setup stopped;
  stopped.stop_at = 2;
  CHECK(run(std::move(stopped), false).interrupted);
  CHECK(read_safetensors(folder.path / "state.safetensors").metadata.at("state.best_psnr") == "inf");
  CHECK(run(Setup(), true).progress.best_step == 1);
  for (const char* name : {"best.safetensors", "last.safetensors"})
    CHECK(read_safetensors(folder.path / name).metadata.at("validation_psnr") == "inf");
  const std::string page = read_file("test", folder.path / "report.html");
  CHECK(contains(page, "<b>+0.00 dB</b><span>gain over bicubic"));
  CHECK_FALSE(contains(page, "nan"));
}

TEST_CASE(
    "the same seed gives the same weights, for any number of loader threads, stopped and resumed or not") {
  const TemporaryFolder folder;
  Setup whole, threads, stopped, resumed;
  whole.run({.out = folder.path / "a", .steps = 30});
  threads.run({.out = folder.path / "b", .steps = 30, .loader = {.threads = 3}});
  CHECK(whole.weights() == threads.weights());

  int validations = 0;
  const FitResult first =
      stopped.run({.out = folder.path / "c", .steps = 30, .validate_every = 7, .validate = [&] {
                     if (++validations == 2) std::raise(SIGINT);  // as Ctrl-C does, at step 14
                     return psnr(30.0 + validations);
                   }});
  CHECK(first.interrupted);
  CHECK(first.progress.step == 15);
  const FitResult second = resumed.run({.out = folder.path / "c",
                                        .steps = 30,
                                        .validate_every = 7,
                                        .validate = [] { return psnr(20); },
                                        .resume = true});
  CHECK_FALSE(second.interrupted);
  CHECK(resumed.weights() == whole.weights());
  CHECK(second.progress.best_psnr == 32);
  CHECK(second.progress.best_step == 14);

  const std::string csv = read_file("test", folder.path / "c" / "metrics.csv");
  Index last = 0, step = 0;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  CHECK(line == "step,seconds,waited,lr,loss,psnr,ssim");
  while (std::getline(lines, line)) {
    step = std::stol(line);
    CHECK(step > last);
    last = step;
  }
  CHECK(last == 30);
}

TEST_CASE(
    "a loss that is not finite names the step and the first value, and keeps the last good checkpoint") {
  const TemporaryFolder folder;
  Setup s;
  int validations = 0;
  const FitOptions o{.out = folder.path, .steps = 30, .validate_every = 5, .validate = [&] {
                       if (++validations == 2) s.net.conv2.weight.value().fill(INFINITY);
                       return psnr(30);
                     }};
  const std::string message = error_of([&] { s.run(o); });
  INFO(message);
  CHECK(contains(message, "train: a weight is not finite") == false);
  CHECK(contains(message, "at step 11; the first value that is not finite: the weight conv2.weight"));
  CHECK(contains(message, "the last good checkpoint is kept"));
  CHECK(contains(message, "use a smaller learning rate"));
}

TEST_CASE("weights of which a validation makes values that are not finite are not saved") {
  const TemporaryFolder folder;
  Setup s;
  const FitOptions o{.out = folder.path, .steps = 30, .validate_every = 5, .validate = []() -> Validation {
                       throw NonFiniteResult("the result is NaN\n  hint: of another kind");
                     }};
  const std::string message = error_of([&] { s.run(o); });
  INFO(message);
  CHECK(
      contains(message,
               "train: a validation fails at step 5; the first value that is not finite: the result is NaN\n"
               "  hint: use a smaller learning rate"));
  CHECK_FALSE(std::filesystem::exists(folder.path / "state.safetensors"));
}

// y = 2 x + 1 in sixteen examples, each batch of which takes its time.
struct SlowLine {
  std::chrono::milliseconds pause;
  std::uint64_t fingerprint() const { return 7; }
  template <class D, class T>
  data::Batches<T, D> batches(data::LoaderOptions o) const {
    const Shape shape{o.batch, 1};
    return data::Batches<T, D>(o, shape, shape, [*this, o](Index step, T* x, T* y) {
      std::this_thread::sleep_for(pause);
      for (Index i = 0; i < o.batch; ++i) {
        x[i] = T((step * o.batch + i) % 16) / T(16);
        y[i] = 2 * x[i] + 1;
      }
    });
  }
};

TEST_CASE("any source of batches trains; metrics.csv says how long the steps waited for it") {
  const TemporaryFolder folder;
  nn::Linear<float, Cpu> net(1, 1);
  optim::Sgd<float, Cpu> sgd(net, {.lr = 0.5});
  const auto loss = [&](const auto& x, const auto& y) { return mse_loss(net(x), y); };
  const auto run = [&](const auto& examples, const char* out, Index steps) {
    fit(net, sgd, examples, loss,
        {.out = folder.path / out, .steps = steps, .loader = {.batch = 8, .threads = 1}, .quiet = true});
    double waited = 0;
    for (const auto& row : report::History::load(folder.path / out / "metrics.csv", steps).rows)
      waited += row.waited;
    return waited;
  };
  CHECK(run(SlowLine{std::chrono::milliseconds(20)}, "slow", 10) > 0.015);  // for the first batch at least
  std::vector<float> x, y;
  for (int i = 0; i < 16; ++i) x.push_back(float(i) / 16), y.push_back(2 * x.back() + 1);
  const data::TensorDataset<float> line(Tensor<float, Cpu>({16, 1}, x), Tensor<float, Cpu>({16, 1}, y));
  CHECK(run(line, "line", 300) >= 0);
  CHECK(net.weight.value().to_host()[0] == doctest::Approx(2).epsilon(0.01));
  CHECK(net.bias.value().to_host()[0] == doctest::Approx(1).epsilon(0.01));
}

TEST_CASE("by the clock, validations that take long are fewer") {
  const TemporaryFolder folder;
  int validations = 0;
  Setup().run({.out = folder.path,
               .minutes = 0.02,
               .validate = [&] {  // 1.2 seconds, of which twenty validations would take 2
                 ++validations;
                 std::this_thread::sleep_for(std::chrono::milliseconds(100));
                 return psnr(30);
               }});
  CHECK(validations >= 2);  // the last always
  CHECK(validations <= 4);
}

TEST_CASE("a loss of several values is refused") {
  const TemporaryFolder folder;
  Setup s;
  CHECK_ERROR(fit(s.net, s.adam, s.patches, [&](const auto& x, const auto&) { return s.net(x); },
                  {.out = folder.path, .steps = 5, .quiet = true}),
              "train: the loss must be a single value; this one is (16, 12, 12, 1)");
}

TEST_CASE("a NaN in the weights is not saved over a good checkpoint") {
  const TemporaryFolder folder;
  Setup good;
  good.run({.out = folder.path, .steps = 10});
  const std::string before = read_file("test", folder.path / "last.safetensors");
  Setup bad;
  const std::string message = error_of([&] {
    bad.run({.out = folder.path, .steps = 10, .resume = true, .settings = {{"other", "x"}}});
  });
  CHECK(contains(message, "has no 'other'"));
  bad.net.conv1.bias.value().fill(NAN);
  CHECK_ERROR(bad.run({.out = folder.path / "b", .steps = 10}), "the loss is");
  CHECK_FALSE(std::filesystem::exists(folder.path / "b" / "last.safetensors"));
  CHECK(read_file("test", folder.path / "last.safetensors") == before);
}

TEST_CASE("options that do not fit are refused before any work") {
  const TemporaryFolder folder;
  Setup s;
  CHECK_ERROR(s.run({.steps = 5}), "give a folder for the results");
  CHECK_ERROR(s.run({.out = folder.path}), "either in steps or in minutes");
  CHECK_ERROR(s.run({.out = folder.path, .steps = 5, .minutes = 1}), "either in steps or in minutes");
  CHECK_ERROR(s.run({.out = folder.path, .steps = 5, .resume = true}), "there is nothing to resume");
  CHECK_ERROR(s.run({.out = "/dev/null/x", .steps = 5}), "cannot be made");
  s.run({.out = folder.path, .steps = 2, .settings = {{"lr", "1"}}});
  CHECK_ERROR(s.run({.out = folder.path, .steps = 5}), "holds a training already");
  CHECK_ERROR(s.run({.out = folder.path, .steps = 5, .resume = true, .settings = {{"lr", "2"}}}),
              "the setting 'lr' was '1' in");
  write_file("test", folder.path / "state.safetensors", "short");
  CHECK_ERROR(s.run({.out = folder.path, .steps = 5, .resume = true}), "is no weights file: it is a text");
}

TEST_CASE("a state whose numbers are not fit to go on from is refused") {
  const TemporaryFolder folder;
  const auto path = folder.path / "state.safetensors";
  Setup().run({.out = folder.path, .steps = 5});
  const SafeTensors good = read_safetensors(path);
  for (const char* key :
       {"state.step", "state.seconds", "state.best_step", "state.optimizer_steps", "state.loss_steps"})
    for (const char* value : {"", "nan", "inf", "1e300", "-3", "none", "1 step"}) {
      SafeTensors bad = good;
      bad.metadata[key] = value;
      write_safetensors(path, bad);
      Setup s;
      const auto before = s.weights();
      INFO(value);
      CHECK_ERROR(s.run({.out = folder.path, .steps = 5, .resume = true}), str("resume: '", key, "'"));
      CHECK(s.weights() == before);
    }
}

TEST_CASE(
    "a training is not resumed with another seed, or another length, also where the caller names no "
    "settings") {
  const TemporaryFolder folder;
  Setup s;
  s.run({.out = folder.path, .steps = 5});
  CHECK_ERROR(s.run({.out = folder.path, .steps = 5, .loader = {.seed = 9}, .resume = true}),
              "the setting 'seed' was '0' in");
  CHECK_ERROR(s.run({.out = folder.path, .steps = 9, .resume = true}), "the setting 'steps' was '5' in");
  s.patches.add(data::Image(40, 40, 1, 7));
  CHECK_ERROR(s.run({.out = folder.path, .steps = 5, .resume = true}),
              "resume: the pictures are not those that '");
}

TEST_CASE("the report shows everything, escaped, without a network") {
  ReportPicture p{"<b>&\"",
                  31.5,
                  0.9,
                  30,
                  data::Image(5, 7, 1, 9),
                  data::Image(15, 21, 1, 9),
                  data::Image(15, 21, 1, 9),
                  data::Image(15, 21, 1, 9)};
  Report r{"SRCNN <x3>",
           "protocol",
           {{"lr", "0.001"}},
           {{{10, 1, 0, 1e-3, 0.1, {}, {}}, {20, 2, 0, 1e-3, 0.01, 31.5, 0.9}}},
           30,
           {p}};
  const std::string page = report_page(r);
  for (const char* part : {"SRCNN &lt;x3&gt;", "&lt;b&gt;&amp;&quot;", "31.50 dB", "+1.50 dB", "<polyline",
                           "data:image/png;base64,iVBOR", "type=\"range\"", "0.001"}) {
    INFO(part);
    CHECK(contains(page, part));
  }
  CHECK_FALSE(contains(page, "http:"));
  CHECK_FALSE(contains(page, "https:"));
  CHECK(contains(report_page({}), "nothing measured yet"));
  CHECK(report::detail::html_number(INFINITY, 2) == "&infin;");
  CHECK(report::detail::base64("") == "");
  CHECK(report::detail::base64("f") == "Zg==");
  CHECK(report::detail::base64("fo") == "Zm8=");
  CHECK(report::detail::base64("foo") == "Zm9v");
}

TEST_CASE("numbers and times as plain text") {
  CHECK(fixed(2.0 / 3, 3) == "0.667");
  CHECK(fixed(INFINITY, 3) == "inf");
  CHECK(fixed(-INFINITY, 3) == "-inf");
  CHECK(fixed(NAN, 3) == "nan");
  CHECK(duration(59.4) == "59 s");
  CHECK(duration(125) == "2 min 05 s");
  CHECK(duration(3 * 3600 + 60) == "3 h 01 min");
}
