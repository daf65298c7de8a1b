// The practical, as a student writes it: T-91 on a grid of 32 x 32 patches, SRCNN x4 in a loop over epochs,
// the line of the log, each test picture saved beside bicubic. practical.sh runs it.
// usage: practical TRAIN_FOLDER TEST_FOLDER OUT_FOLDER [EPOCHS] [BATCH] [RATE]
#include <crisp/crisp.hpp>
using namespace crisp;
using Device = DefaultDevice;

// SRCNN 9-1-5 with zeros around the picture. The weights begin as PyTorch's do: a gain of sqrt(1 / 6) gives
// the variance 1 / (3 fan_in) of its default.
template <class T, class D>
struct Srcnn {
  static nn::Conv2dOptions options() { return {.init = nn::Init::he(0.40825)}; }
  nn::Conv2d<T, D> conv1{1, 64, 9, options()}, conv2{64, 32, 1, options()}, conv3{32, 1, 5, options()};
  Var<T, D> operator()(const Var<T, D>& x) const { return conv3(relu(conv2(relu(conv1(x))))); }
  CRISP_PARAMS(conv1, conv2, conv3)
};

// Side by side: pictures of one size.
static data::Image beside(const std::vector<data::Image>& parts) {
  const Index width = parts[0].width;
  data::Image y(parts[0].height, Index(parts.size()) * width, parts[0].channels);
  for (Index k = 0; k < Index(parts.size()); ++k)
    for (Index i = 0; i < y.height; ++i)
      for (Index j = 0; j < width; ++j)
        for (Index c = 0; c < y.channels; ++c) y.at(i, k * width + j, c) = parts[std::size_t(k)].at(i, j, c);
  return y;
}

int main(int argc, char** argv) {
  if (argc < 4) return std::puts("usage: practical TRAIN TEST OUT [EPOCHS] [BATCH] [RATE]"), 2;
  const std::string out = argv[3];
  const int epochs = argc > 4 ? std::stoi(argv[4]) : 15;
  const Index batch = argc > 5 ? std::stol(argv[5]) : 16;
  const double rate = argc > 6 ? std::stod(argv[6]) : 1e-3;
  constexpr Index scale = 4;
  const data::PatchDataset patches(
      data::folder(argv[1]),
      {.scale = scale, .patch = 32, .sampling = data::Sampling::grid, .stride = 32, .augment = false});
  std::printf("%ld patches of 32 x 32, batches of %ld, Adam %g\n", long(patches.count()), long(batch), rate);

  seed(1);
  Srcnn<float, Device> net;
  optim::Adam adam(net, {.lr = rate});
  for (int epoch = 1; epoch <= epochs; ++epoch) {
    double sum = 0, steps = 0;
    for (auto& [ilr, hr] : patches.epoch<Device>(epoch - 1, {.batch = batch})) {  // (batch, 32, 32, 1) each
      const auto loss = mse_loss(net(ilr), hr);
      loss.backward();
      adam.step();
      sum += double(loss.item());
      ++steps;
    }
    std::printf("Epoch: %d Loss = %.6f\n", epoch, sum / steps);
    std::fflush(stdout);
  }
  io::save(out + "/srcnn.safetensors", net);

  const infer::Upscaler srcnn = infer::upscaler(net);
  const auto rgb = [](const data::Image& a, const data::Image& b) {  // in dB, nothing shaved off
    return metrics::psnr(data::round_to_8bit(a), b, {.shave = 0, .channel = metrics::Channel::rgb}).value;
  };
  for (const auto& file : data::list_images(argv[2])) {
    const std::string name = file.stem().string();
    const auto c = infer::compare(name, data::load_image(file), srcnn, scale, infer::Protocol::y);
    const data::Image lr = data::reduce(c.hr, scale);
    data::save_image(out + "/" + name + ".png", beside({c.hr, c.bicubic, c.result}));
    std::printf("picture %s RGB bicubic %.2f SRCNN %.2f luma bicubic %.2f SRCNN %.2f\n", name.c_str(),
                rgb(data::enlarge(lr, scale), c.hr), rgb(infer::upscale(net, lr, scale), c.hr),
                c.bicubic_psnr, c.score.psnr);
  }
}
