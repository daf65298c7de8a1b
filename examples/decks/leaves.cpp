// Writes synthetic pictures, for decks whose data is not at hand: dead leaves as 001.png, 002.png and so on;
// and, for pairs, each reduced by MATLAB's bicubic and rounded to 8 bits.
// usage: leaves FOLDER COUNT HEIGHT WIDTH SEED [LR_FOLDER SCALE]
#include <crisp/data/image_io.hpp>
#include <crisp/data/resize.hpp>
#include <crisp/data/synthetic.hpp>
#include <filesystem>
using namespace crisp;

int main(int argc, char** argv) {
  if (argc < 6) return std::puts("usage: leaves FOLDER COUNT HEIGHT WIDTH SEED [LR_FOLDER SCALE]"), 2;
  const std::filesystem::path hr = argv[1], lr = argc > 7 ? argv[6] : "";
  const Index count = std::stol(argv[2]), scale = argc > 7 ? std::stol(argv[7]) : 0;
  std::filesystem::create_directories(hr);
  if (scale > 0) std::filesystem::create_directories(lr);
  for (Index i = 0; i < count; ++i) {
    const std::uint64_t seed = std::stoul(argv[5]) + std::uint64_t(i);
    const data::Image x = data::round_to_8bit(data::dead_leaves({.count = 1,
                                                                 .height = std::stol(argv[3]),
                                                                 .width = std::stol(argv[4]),
                                                                 .colour = true,
                                                                 .seed = seed})[0]);
    char name[40];
    std::snprintf(name, sizeof name, "%03ld.png", long(i + 1));
    data::save_image((hr / name).string(), x);
    if (scale > 0) {
      const data::ResizeOptions as_matlab{.round_between = true};
      data::save_image((lr / name).string(),
                       data::reduce(x, scale, data::Resampling::bicubic_matlab, as_matlab));
    }
  }
}
