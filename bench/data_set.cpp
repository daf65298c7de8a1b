// Makes a data set of any number of large pictures, for measuring how crisp train reads them.
// usage: data_set FOLDER COUNT HEIGHT WIDTH [SCALE]
//
// Ten pictures of dead leaves with the noise of a camera, which makes the PNG files as large as those of
// photographs; the others are links to them. With a scale also FOLDER_lr, reduced and rounded to 8 bits.
#include <cstdio>

#include "crisp/data/image_folder.hpp"
#include "crisp/data/image_writer.hpp"
#include "crisp/data/resize.hpp"
#include "crisp/data/synthetic.hpp"

using namespace crisp;
namespace fs = std::filesystem;

static void write_png(const fs::path& path, const data::Image& x) {
  data::ImageWriter file(path, x.height, x.width, x.channels);
  file.write(x);
  file.finish();
}

int main(int argc, char** argv) {
  if (argc < 5) return std::puts("usage: data_set FOLDER COUNT HEIGHT WIDTH [SCALE]"), 2;
  const fs::path folder = argv[1];
  const Index count = std::atol(argv[2]), height = std::atol(argv[3]), width = std::atol(argv[4]);
  const Index scale = argc > 5 ? std::atol(argv[5]) : 0;
  const fs::path lr = folder.string() + "_lr";
  fs::create_directories(folder);
  if (scale > 0) fs::create_directories(lr);
  constexpr Index different = 10;
  for (Index i = 0; i < count; ++i) {
    const std::string number = std::to_string(10000 + i), name = number + ".png";
    const std::string first = std::to_string(10000 + i % different) + ".png";
    if (i >= different) {
      fs::create_symlink(fs::absolute(folder / first), folder / name);
      if (scale > 0) fs::create_symlink(fs::absolute(lr / first), lr / name);
      continue;
    }
    data::Image x = data::dead_leaves(
        {.count = 1, .height = height, .width = width, .colour = true, .seed = std::uint64_t(i)})[0];
    Rng rng{std::uint64_t(i)};
    for (float& v : x.samples) v = data::round_to_8bit(v + float(rng.normal(0, 2)));
    write_png(folder / name, x);
    if (scale > 0) write_png(lr / name, data::round_to_8bit(data::reduce(x, scale)));
  }
}
