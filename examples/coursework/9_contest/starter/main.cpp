// The contest: trains within the budget, enlarges the pictures of a folder by 4 in tiles, and adds a line to
// a CSV file. usage: main NAME [MINUTES] [TRAIN_FOLDER|synthetic] [TEST_FOLDER|synthetic] [RESULTS.csv]
#include <chrono>
#include <crisp/data/folder.hpp>
#include <crisp/data/image_folder.hpp>
#include <crisp/data/synthetic.hpp>
#include <crisp/io/weights.hpp>
#include <crisp/metrics/psnr.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "contest.hpp"
using namespace crisp;
using data::Image;

int main(int argc, char** argv) try {
  const std::string name = argc > 1 ? argv[1] : "nobody", train = argc > 3 ? argv[3] : "synthetic";
  const std::string test = argc > 4 ? argv[4] : "synthetic", results = argc > 5 ? argv[5] : "results.csv";
  const double minutes = argc > 2 ? std::stod(argv[2]) : 1;

  mine::Contest<float, Cpu> net;
  const Index parameters = nn::parameter_count(net).trained;
  const data::PatchOptions options{.scale = mine::scale, .patch = 24, .input = data::Input::lr};
  const data::PatchDataset patches = train == "synthetic"
                                         ? data::PatchDataset(data::dead_leaves({.count = 64}), options)
                                         : data::PatchDataset(data::folder(train), options);
  std::printf("%s: %ld parameters, training for %g minutes\n", name.c_str(), long(parameters), minutes);
  mine::train(net, patches, 60 * minutes);
  io::save("contest.safetensors", net);

  // HR of 2048 x 2048 pixels where nothing else is given, so that LR has 512 x 512.
  std::vector<Image> pictures;
  if (test == "synthetic")
    pictures = data::dead_leaves({.count = 2, .height = 2048, .width = 2048, .seed = 99});
  else pictures = data::load_folder(test);
  double psnr = 0, bicubic = 0, seconds = 0;
  for (const Image& picture : pictures) {
    const Image hr = data::crop_to_multiple(data::luma(picture), mine::scale);
    const Image lr = data::reduce(hr, mine::scale);
    const auto begin = std::chrono::steady_clock::now();
    const Image sr =
        mine::in_tiles(lr, 128, mine::reach(), [&](const Image& part) { return mine::enlarged(net, part); });
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    const auto n = double(pictures.size());
    psnr += metrics::psnr(hr, sr, {.shave = mine::scale}).value / n;
    bicubic += metrics::psnr(hr, data::enlarge(lr, mine::scale), {.shave = mine::scale}).value / n;
  }
  char line[300];
  std::snprintf(line, sizeof line, "%s,%ld,%g,%.3f,%.3f,%.2f", name.c_str(), long(parameters), minutes, psnr,
                bicubic, seconds / double(pictures.size()));
  const bool fresh = !std::filesystem::exists(results);
  std::ofstream file(results, std::ios::app);
  if (fresh) file << "name,parameters,minutes,psnr,bicubic,seconds\n";
  file << line << "\n";
  std::printf("%s\n", line);
} catch (const Error& e) {
  std::printf("%s\n", e.what());
  return 1;
}
