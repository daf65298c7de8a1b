// Trainings that are stopped, or fail, at any step: nothing is lost, and what goes on ends as if undisturbed.
#include <numeric>

#include "train/small_training.hpp"

using namespace crisp;
using namespace crisp::train;
using namespace crisp::io;
using namespace crisp::test;
namespace fs = std::filesystem;

namespace {

// Of any weights a PSNR of its own, so that the best is not the last.
double up_and_down(const std::vector<float>& weights) {
  return 30 + std::sin(1e4 * std::accumulate(weights.begin(), weights.end(), 0.0));
}

FitOptions options(const fs::path& out, const Setup& setup, bool resume = false) {
  return {.out = out,
          .steps = 12,
          .accumulate = 2,
          .ema = 0.9,
          .validate_every = 4,
          .validate = [&] { return psnr(up_and_down(setup.weights())); },
          .resume = resume};
}

std::string without_seconds(const fs::path& csv) {
  std::istringstream lines(read_file("test", csv));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(','), second = line.find(',', first + 1);
    kept += line.substr(0, first) + line.substr(line.find(',', second + 1)) + "\n";  // nor the ones waited
  }
  return kept;
}

void same_files(const fs::path& a, const fs::path& b) {
  for (const char* name : {"best.safetensors", "last.safetensors"}) {
    INFO(name);
    CHECK(read_file("test", a / name) == read_file("test", b / name));
  }
  SafeTensors states[] = {read_safetensors(a / "state.safetensors"),
                          read_safetensors(b / "state.safetensors")};
  for (SafeTensors& state : states) state.metadata.erase("state.seconds");
  CHECK(states[0].metadata == states[1].metadata);
  for (const auto& [name, tensor] : states[0].tensors)
    CHECK(tensor.bytes == states[1].tensors.at(name).bytes);
  CHECK(without_seconds(a / "metrics.csv") == without_seconds(b / "metrics.csv"));
}

}  // namespace

TEST_CASE("stopped after any step and resumed: every file is that of the undisturbed training") {
  const TemporaryFolder folder;
  Setup whole;
  whole.run(options(folder.path / "whole", whole));
  for (Index step = 1; step < 12; ++step) {
    const fs::path out = folder.path / std::to_string(step);
    INFO(step);
    Setup stopped, resumed;
    stopped.stop_at = 2 * step;
    CHECK(stopped.run(options(out, stopped)).progress.step == step);
    resumed.run(options(out, resumed, true));
    same_files(out, folder.path / "whole");
  }
}

TEST_CASE("asked to stop within a validation: it ends after an op, and resumed every file is the same") {
  const TemporaryFolder folder;
  Setup whole;
  whole.run(options(folder.path / "whole", whole));
  for (const int stopped_in : {1, 2, 3}) {  // the last one too
    INFO(stopped_in);
    const fs::path out = folder.path / std::to_string(stopped_in);
    Setup stopped, resumed;
    FitOptions o = options(out, stopped);
    int validations = 0;
    bool went_on = false;
    o.validate = [&] {
      if (++validations == stopped_in) {
        std::raise(SIGINT);
        try {
          stopped.net(Tensor<float, Cpu>({1, 8, 8, 1}, 0.5f));
        } catch (const std::exception&) {  // a validation that catches what it can
        }
        went_on = true;
      }
      return psnr(up_and_down(stopped.weights()));
    };
    const FitResult result = stopped.run(o);
    CHECK(result.interrupted);
    CHECK(result.progress.step == 4 * stopped_in);
    CHECK_FALSE(went_on);
    resumed.run(options(out, resumed, true));
    same_files(out, folder.path / "whole");
  }
}

TEST_CASE("the state is saved before the first validation: killed within that, it goes on from there") {
  const TemporaryFolder folder;
  Setup whole, early, resumed;
  whole.run(options(folder.path / "whole", whole));
  const fs::path out = folder.path / "out", killed = folder.path / "killed";
  FitOptions o = options(out, early);
  o.validate = [&] {
    if (!fs::exists(killed)) fs::copy(out, killed);
    return psnr(30);
  };
  early.run(o);
  fs::remove(killed / ".lock");
  CHECK(read_safetensors(killed / "state.safetensors").metadata.at("state.step") == "4");
  CHECK(read_safetensors(killed / "last.safetensors").metadata.count("validation_psnr") == 0);
  resumed.run(options(killed, resumed, true));
  same_files(killed, folder.path / "whole");
}

TEST_CASE("a validation that takes too long is ended, but for the last one") {
  const TemporaryFolder folder;
  Setup setup;
  int begun = 0, whole = 0;
  const FitResult result = setup.run({.out = folder.path / "out", .steps = 20, .validate = [&] {
                                        const bool last = setup.losses == 20;
                                        ++begun;
                                        while (!last) setup.net(Tensor<float, Cpu>({1, 99, 99, 1}, 0.5f));
                                        ++whole;
                                        return psnr(31);
                                      }});
  CHECK(begun == 2);
  CHECK(whole == 1);
  CHECK(result.psnr == 31);
  CHECK_FALSE(result.interrupted);
}

TEST_CASE("killed between any two files: the same") {
  const TemporaryFolder folder;
  Setup whole, early;
  whole.run(options(folder.path / "whole", whole));
  const fs::path out = folder.path / "killed";
  early.on_loss = [&](Index losses) {
    if (losses == 16) fs::copy(out, folder.path / "before");  // what the validation after step 4 has left
  };
  early.stop_at = 16;
  early.run(options(out, early));
  // Of a kill after step 8: some files are of step 8, and the others of step 4.
  for (const std::vector<const char*>& newer : {std::vector<const char*>{"best.safetensors"},
                                                {"best.safetensors", "metrics.csv"},
                                                {"best.safetensors", "metrics.csv", "state.safetensors"}}) {
    const fs::path mixed = folder.path / std::to_string(newer.size());
    fs::copy(folder.path / "before", mixed);
    fs::remove(mixed / ".lock");
    for (const char* name : newer) fs::copy(out / name, mixed / name, fs::copy_options::overwrite_existing);
    Setup resumed;
    resumed.run(options(mixed, resumed, true));
    same_files(mixed, folder.path / "whole");
  }
}

TEST_CASE("a loss that throws ends the training with its state saved") {
  const TemporaryFolder folder;
  Setup whole, failing, resumed;
  whole.run(options(folder.path / "whole", whole));
  failing.on_loss = [](Index losses) {
    if (losses == 14) throw std::runtime_error("a fault of one's own");  // within step 7
  };
  const fs::path out = folder.path / "out";
  CHECK_ERROR(failing.run(options(out, failing)),
              "a fault of one's own\n  the training is saved up to step 6; go on with it by --resume");
  resumed.run(options(out, resumed, true));
  same_files(out, folder.path / "whole");
  Setup without_memory;
  without_memory.on_loss = [](Index losses) {
    if (losses == 3) throw std::bad_alloc();
  };
  CHECK_ERROR(without_memory.run(options(folder.path / "memory", without_memory)),
              "train: there is not enough memory\n  the training is saved up to step 1");
  Setup at_once;
  at_once.on_loss = [](Index) { throw std::runtime_error("at once"); };
  CHECK(error_of([&] { at_once.run(options(folder.path / "none", at_once)); }) == "at once");
  CHECK_FALSE(fs::exists(folder.path / "none" / "state.safetensors"));
}

TEST_CASE("a state that cannot be written in its folder is written beside it") {
  const TemporaryFolder folder;
  Setup whole, failing, resumed;
  whole.run(options(folder.path / "whole", whole));
  const fs::path out = folder.path / "out", beside = folder.path / "out.rescued";
  failing.on_loss = [&](Index losses) {
    if (losses != 15) return;
    fs::remove(out / "state.safetensors");
    fs::create_directory(out / "state.safetensors");
  };
  const std::string message = error_of([&] { failing.run(options(out / "", failing)); });
  INFO(message);
  CHECK(contains(message, "is a folder; give the name of a file"));
  CHECK(contains(message, str("\n  the training is saved up to step 8 in '", beside.string(),
                              "'; go on with it there by --resume")));
  fs::copy(out / "best.safetensors", beside);
  resumed.run(options(beside, resumed, true));
  same_files(beside, folder.path / "whole");
}

TEST_CASE("a validation that the report could not be told of is made again, where the training goes on") {
  const TemporaryFolder folder;
  const fs::path out = folder.path / "out", killed = folder.path / "killed",
                 early = folder.path / "early.html";
  Setup stopped, resumed;
  stopped.on_loss = [&](Index losses) {  // two a step
    if (losses == 2 * 4 + 1) fs::copy(out / "report.html", early);
    if (losses == 2 * 8 + 1) fs::copy(out, killed);
  };
  stopped.run(options(out, stopped));
  fs::remove(killed / ".lock");
  fs::rename(early, killed / "report.html");
  int validations = 0;
  FitOptions o = options(killed, resumed, true);
  o.validate = [&, validate = o.validate] { return ++validations, validate(); };
  resumed.run(o);
  CHECK(validations == 2);
  same_files(out, killed);
  const std::vector<report::WorstPlaces> shown = report::load_worst_places(killed / "report.html", 12);
  REQUIRE(shown.size() == 3);
  for (const std::size_t i : {0, 1, 2}) CHECK(shown[i].step == Index(4 * (i + 1)));
}

TEST_CASE("a finished training whose last row is missing gets it again, with the rate of its step") {
  const TemporaryFolder folder;
  const fs::path out = folder.path / "out", csv = out / "metrics.csv";
  Setup finished, resumed;
  finished.run(options(out, finished));
  const auto rate_of_last = [&] {
    const std::string rows = read_file("test", csv);
    std::istringstream row(rows.substr(rows.rfind("\n12,") + 1));
    std::string cell;
    for (int i = 0; i < 4; ++i) std::getline(row, cell, ',');  // step, seconds, waited, lr
    return cell;
  };
  const std::string rate = rate_of_last(), whole = read_file("test", csv);
  write_file("test", csv, whole.substr(0, whole.rfind("\n12,") + 1));
  resumed.run(options(out, resumed, true));
  CHECK(rate_of_last() == rate);
  CHECK(number_of(rate).value() < 1e-4);  // of 1e-3 at the begin
}

TEST_CASE("a folder that is removed is made again; a report that cannot be written is a warning") {
  const TemporaryFolder folder;
  Setup whole, robbed, reportless;
  whole.run(options(folder.path / "whole", whole));
  const fs::path out = folder.path / "out";
  robbed.on_loss = [&](Index losses) {
    if (losses == 9) fs::remove_all(out);
  };
  robbed.run(options(out, robbed));
  CHECK(read_file("test", out / "last.safetensors") ==
        read_file("test", folder.path / "whole/last.safetensors"));
  CHECK(read_safetensors(out / "best.safetensors").metadata.at("trained_steps") != "4");
  CHECK(robbed.weights() == whole.weights());

  reportless.on_loss = [&](Index) { fs::create_directories(folder.path / "page" / "report.html"); };
  reportless.run(options(folder.path / "page", reportless));
  CHECK(reportless.weights() == whole.weights());

  // A folder that another training has taken meanwhile is left to it.
  Setup late;
  std::optional<FolderLock> other;
  late.on_loss = [&](Index losses) {
    if (losses != 9) return;
    fs::remove_all(out);
    fs::create_directory(out);
    other.emplace("test", "another training", out);
  };
  fs::remove_all(out);
  const std::string message = error_of([&] { late.run(options(out, late)); });
  INFO(message);
  CHECK(contains(message, "another training writes into"));
  CHECK(contains(message, "the training is saved up to step 8 in '"));
  CHECK(std::distance(fs::directory_iterator(out), {}) == 1);  // the lock of the other one
}
