// The practical: trains SRCNN x4 for 15 epochs, enlarges the pictures of a folder, and saves them beside
// bicubic. usage: main [TRAIN_FOLDER|synthetic] [TEST_FOLDER|synthetic] [EPOCHS]
#include <crisp/data/image_folder.hpp>
#include <crisp/data/synthetic.hpp>
#include <crisp/io/weights.hpp>
#include <cstdio>
#include <fstream>
#include <numeric>

#include "practical.hpp"
using namespace crisp;
using data::Image;

struct Named {
  std::string name;
  Image image;
};
static std::vector<Named> pictures(const std::string& folder, data::DeadLeavesOptions synthetic) {
  std::vector<Named> all;
  if (folder != "synthetic") {
    for (const auto& path : data::list_images(folder))
      all.push_back({path.stem().string(), data::load_image(path)});
  } else {
    for (const Image& image : data::dead_leaves(synthetic))
      all.push_back({str("leaves", all.size() + 1), image});
  }
  return all;
}

// Side by side, with four white pixels between.
static Image beside(const std::vector<Image>& parts) {
  Image y(parts[0].height, Index(parts.size()) * (parts[0].width + 4) - 4, parts[0].channels, 255);
  for (std::size_t k = 0; k < parts.size(); ++k)
    for (Index i = 0; i < y.height; ++i)
      for (Index j = 0; j < parts[k].width; ++j)
        for (Index c = 0; c < y.channels; ++c)
          y.at(i, Index(k) * (parts[0].width + 4) + j, c) = parts[k].at(i, j, c);
  return y;
}

int main(int argc, char** argv) try {
  const std::string train = argc > 1 ? argv[1] : "synthetic", test = argc > 2 ? argv[2] : "synthetic";
  const int epochs = argc > 3 ? std::stoi(argv[3]) : 15;
  constexpr Index scale = 4, size = 32;

  std::vector<mine::Patch> patches;
  for (const Named& p : pictures(train, {.count = 91, .height = 192, .width = 256}))
    for (const mine::Patch& patch : mine::cut_patches(p.image, scale, size)) patches.push_back(patch);
  std::printf("%zu patches of %ld x %ld pixels\n", patches.size(), long(size), long(size));

  mine::Srcnn<float, Cpu> net;
  optim::Adam adam(net, {.lr = 1e-3});
  std::vector<std::size_t> order(patches.size());
  std::iota(order.begin(), order.end(), std::size_t(0));
  std::mt19937 random(1);
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    std::shuffle(order.begin(), order.end(), random);
    std::printf("%s\n", mine::log_line(epoch, mine::train_epoch(net, adam, patches, order, 16)).c_str());
    std::fflush(stdout);
  }
  io::save("srcnn.safetensors", net);

  std::ofstream table("results.md");
  table << "| picture | bicubic | SRCNN |\n|---|---|---|\n";
  double bicubic = 0, srcnn = 0, count = 0;
  for (const Named& p :
       pictures(test, {.count = 5, .height = 256, .width = 256, .colour = true, .seed = 7})) {
    const mine::Comparison c = mine::compare(net, p.image, scale);
    data::save_image(p.name + "_x4.png", beside({c.hr, c.bicubic, c.sr}));
    char line[200];
    std::snprintf(line, sizeof line, "| %s | %.2f dB | %.2f dB |", p.name.c_str(), c.bicubic_db, c.sr_db);
    std::printf("%s\n", line);
    table << line << "\n";
    bicubic += c.bicubic_db, srcnn += c.sr_db, ++count;
  }
  std::printf("mean: bicubic %.2f dB, SRCNN %.2f dB\n", bicubic / count, srcnn / count);
  std::printf("the pictures are in *_x4.png: the original, bicubic, SRCNN\n");
} catch (const Error& e) {
  std::printf("%s\n", e.what());
  return 1;
}
