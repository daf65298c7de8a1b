// Pictures in memory, in a cache file, and decoded at each use: the same patches; and whatever happens to a
// cache.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fstream>

#include "crisp/data/dataset.hpp"
#include "crisp/data/folder.hpp"
#include "crisp/data/synthetic.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::data;
using namespace crisp::test;
namespace fs = std::filesystem;

namespace {

constexpr Index pictures = 6;

// A folder of pictures, and one for caches; what is told, and how much was decoded.
struct Folder {
  TemporaryFolder folder;
  std::string told;
  double pixels = 0;
  StoreOptions options{.memory = 0,
                       .cache = folder.path / "cache",
                       .progress = [this](const DecodingProgress& p) { pixels = p.pixels; },
                       .tell = [this](const std::string& text) { told += text + "\n"; }};

  Folder() {
    fs::create_directory(folder.path / "set");
    const auto images =
        dead_leaves({.count = pictures, .height = 30, .width = 41, .colour = true, .seed = 2});
    for (std::size_t i = 0; i < images.size(); ++i) save(i, images[i]);
  }
  void save(std::size_t i, const Image& image) const {
    save_image(folder.path / "set" / str(i, i % 2 ? ".png" : ".bmp"), image);
  }

  // Opens the set anew: what is told and decoded is that of this time.
  std::shared_ptr<const Pictures> open() {
    told.clear();
    pixels = 0;
    return data::folder(folder.path / "set", options);
  }
  fs::path cache() const {
    fs::path found;
    int files = 0;
    for (const auto& entry : fs::directory_iterator(options.cache)) found = entry.path(), ++files;
    CHECK(files == 1);
    CHECK(found.extension() == ".pictures");
    return found;
  }
};

std::vector<float> values(const PatchDataset& patches) {
  std::vector<float> all;
  for (auto& [input, target] : patches.batches<Cpu>({.batch = 8, .steps = 10, .seed = 1, .threads = 2})) {
    for (const float v : input.to_host()) all.push_back(v);
    for (const float v : target.to_host()) all.push_back(v);
  }
  return all;
}
std::vector<float> values(const std::shared_ptr<const Pictures>& set) {
  return values(PatchDataset(set, {.scale = 2, .patch = 9, .luma = false, .input = Input::lr}));
}
std::vector<float> right_values(const Folder& f) {
  return values(PatchDataset(load_folder(f.folder.path / "set"),
                             {.scale = 2, .patch = 9, .luma = false, .input = Input::lr}));
}

// All samples, read by this thread alone: sanitizers let a process that was forked begin no other.
std::vector<float> all_samples(const std::shared_ptr<const Pictures>& set) {
  std::vector<float> all;
  for (Index i = 0; i < set->count(); ++i)
    for (const float v : set->read(i).samples) all.push_back(v);
  return all;
}

void change_byte(const fs::path& file, std::streamoff at) {
  std::fstream f(file, std::ios::in | std::ios::out | std::ios::binary);
  f.seekg(at);
  const int byte = f.get();
  f.seekp(at);
  f.put(static_cast<char>(byte ^ 4));
}

constexpr double all_pixels = double(pictures) * 30 * 41;

}  // namespace

TEST_CASE(
    "a folder gives the same patches and fingerprint from memory, from a cache, and decoded at each use") {
  Folder f;
  const std::vector<float> right = right_values(f);
  const PatchOptions o{.scale = 2, .patch = 9};
  const std::uint64_t fingerprint = PatchDataset(load_folder(f.folder.path / "set"), o).fingerprint();
  f.options.memory = -1;
  CHECK(values(f.open()) == right);
  CHECK(!fs::exists(f.options.cache));
  f.options.memory = 0;
  for (const double decoded : {all_pixels, 0.0}) {  // the second time the cache is there
    const auto set = f.open();
    CHECK(f.pixels == decoded);
    CHECK(values(set) == right);
    CHECK(PatchDataset(set, o).fingerprint() == fingerprint);
    CHECK(set->info(1).name == str("'1.png' in ", (f.folder.path / "set").string()));
    f.cache();
  }
  std::ofstream(f.folder.path / "file") << "no folder";
  f.options.cache = f.folder.path / "file";
  for (const Index memory : {Index(0), Index(7000)}) {  // of which two pictures may be kept
    f.options.memory = memory;
    const auto set = f.open();
    CHECK(contains(f.told, "cannot be written (Not a directory"));
    CHECK(values(set) == right);
    CHECK(PatchDataset(set, o).fingerprint() == fingerprint);
  }
}

TEST_CASE("a cache that is damaged, cut short or of another version is told and made anew") {
  Folder f;
  const std::vector<float> right = right_values(f);
  f.open();
  const fs::path cache = f.cache();
  const auto size = std::streamoff(fs::file_size(cache));
  std::string whole(std::size_t(size), ' ');
  std::ifstream(cache, std::ios::binary).read(whole.data(), size);
  const auto check_repaired = [&](const char* sentence, const auto& damage) {
    std::ofstream(cache, std::ios::binary) << whole;
    damage();
    INFO(sentence);
    CHECK(values(f.open()) == right);
    CHECK(contains(f.told, sentence));
    f.open();
    CHECK((f.told.empty() || contains(f.told, "makes the cache anew")));
    CHECK(values(f.open()) == right);
    CHECK(f.told.empty());
  };
  check_repaired("is of another version of crisp: 6 of 6", [&] { change_byte(cache, 8); });
  check_repaired("is damaged: 6 of 6", [&] { change_byte(cache, 0); });
  check_repaired("is damaged: 6 of 6", [&] { change_byte(cache, 16 + 30); });  // the first record
  check_repaired("is cut short: 1 of 6", [&] { fs::resize_file(cache, std::uintmax_t(size) - 1); });
  check_repaired("is cut short: 6 of 6", [&] { fs::resize_file(cache, 11); });
  for (const std::streamoff at : {std::streamoff(16 + 72), size / 2, size - 9})  // samples
    check_repaired("which is read from its file; the next run makes the cache anew",
                   [&] { change_byte(cache, at); });
}

TEST_CASE("a picture that was changed is decoded again, and no other") {
  Folder f;
  const std::uint64_t before = PatchDataset(f.open(), {.scale = 2, .patch = 9}).fingerprint();
  f.save(3, Image(35, 41, 3, 50));
  const auto set = f.open();
  CHECK(contains(f.told, "is older than the pictures: 1 of 6 pictures are decoded again"));
  CHECK(f.pixels == 35 * 41);
  CHECK(set->info(3).height == 35);
  CHECK(values(set) == right_values(f));
  CHECK(PatchDataset(set, {.scale = 2, .patch = 9}).fingerprint() != before);
  f.save(6, Image(30, 41, 3, 60));
  CHECK(f.open()->count() == 7);
  CHECK(f.pixels == 30 * 41);
  fs::remove(f.folder.path / "set" / "6.bmp");
  CHECK(f.open()->count() == 6);  // what is more in the cache does not matter
  CHECK(f.told.empty());
}

TEST_CASE("the writing of a cache that was interrupted anywhere goes on, also by kill -9") {
  Folder f;
  const std::vector<float> right = right_values(f);
  f.open();
  const fs::path cache = f.cache(), part = cache.string() + ".part";
  const std::uintmax_t size = fs::file_size(cache);
  double least = all_pixels;
  for (std::uintmax_t cut = 0; cut < size; cut += size / 23) {
    fs::rename(cache, part);
    fs::resize_file(part, cut);
    CHECK(values(f.open()) == right);
    CHECK(f.cache() == cache);
    least = std::min(least, f.pixels);
  }
  CHECK(least == all_pixels / double(pictures));
  fs::remove(cache);
  const pid_t child = fork();
  if (child == 0) {
    f.options.progress = [](const DecodingProgress& p) {
      if (p.done == 4) kill(getpid(), SIGKILL);
    };
    f.open();
    _exit(1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(values(f.open()) == right);
  CHECK(f.pixels < all_pixels);
  f.cache();
}

TEST_CASE("processes that begin together write one cache, which each of them uses") {
  Folder f;
  std::vector<float> right;
  for (const Image& image : load_folder(f.folder.path / "set"))
    right.insert(right.end(), image.samples.begin(), image.samples.end());
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(fork());
    if (children.back() == 0) {
      f.options.progress = [](const DecodingProgress&) { usleep(10000); };
      bool same = false;
      try {
        same = all_samples(f.open()) == right;
      } catch (const std::exception&) {
      }
      _exit(same ? 0 : 1);
    }
  }
  for (const pid_t child : children) {
    int status = 1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  f.open();
  CHECK(f.pixels == 0);
  f.cache();
}

TEST_CASE("a disk that is full, and a picture that is damaged, are told; the rest is of use") {
  Folder f;
  const std::vector<float> right = right_values(f);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_IGN);
  const rlimit small{9000, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const auto set = f.open();
  setrlimit(RLIMIT_FSIZE, &before);
  signal(SIGXFSZ, SIG_DFL);
  CHECK(contains(f.told, "cannot be written (File too large, after 0 MB): pictures are decoded at each use"));
  CHECK(values(set) == right);
  CHECK(fs::is_empty(f.options.cache));

  const fs::path damaged = f.folder.path / "set" / "5.png";
  change_byte(damaged, 60);
  CHECK_ERROR(f.open(), "5.png' is damaged");
  f.save(5, Image(30, 41, 3, 1));
  f.open();
  CHECK(f.pixels < all_pixels);
  CHECK(f.told.empty());
}

TEST_CASE("the memory and the folder for caches follow the machine") {
  TemporaryFolder root;
  fs::create_directories(root.path / "proc/self");
  fs::create_directories(root.path / "sys/fs/cgroup/a/b");
  std::ofstream(root.path / "proc/self/cgroup") << "0::/a/b\n";
  const Index machine = usable_memory(root.path.string());
  CHECK(machine > (1 << 20));
  std::ofstream(root.path / "sys/fs/cgroup/a/b/memory.max") << "max\n";
  CHECK(usable_memory(root.path.string()) == machine);
  std::ofstream(root.path / "sys/fs/cgroup/a/memory.max") << "1048576\n";
  CHECK(usable_memory(root.path.string()) == 1048576);
  CHECK(data_memory() == usable_memory() / 4);
  const char* const given = std::getenv("XDG_CACHE_HOME");
  const std::string before = given ? given : "";
  setenv("XDG_CACHE_HOME", "/somewhere", 1);
  CHECK(cache_folder() == "/somewhere/crisp");
  unsetenv("XDG_CACHE_HOME");
  CHECK(cache_folder().filename() == "crisp");
  if (given) setenv("XDG_CACHE_HOME", before.c_str(), 1);
}
