// A block of your own in a known network: EDSR (Lim et al. 2017) with channel attention in every block, as
// RCAN has it (Zhang et al. 2018).  usage: 09_edsr [FOLDER|synthetic] [STEPS] [BLOCKS]
#include <crisp/crisp.hpp>
using namespace crisp;
using Device = DefaultDevice;

// [snippet:block]
template <class T, class D>
struct AttentionBlock {  // x + attention(conv(relu(conv(x)))): (N, H, W, C) -> (N, H, W, C)
  nn::Conv2d<T, D> conv1, conv2;
  nn::ChannelAttention<T, D> attention;
  explicit AttentionBlock(Index c)
      : conv1(c, c, 3), conv2(c, c, 3, {.init = nn::Init::he(0.1)}), attention(c) {}
  Var<T, D> operator()(const Var<T, D>& x) const { return x + attention(conv2(relu(conv1(x)))); }
  CRISP_PARAMS(conv1, conv2, attention)
};

template <class T, class D>
struct AttentionEdsr {
  nn::Conv2d<T, D> conv_first, conv_after_body, conv_last;
  std::vector<AttentionBlock<T, D>> body;
  nn::Upsampler<T, D> upsample;
  explicit AttentionEdsr(Index blocks, Index c = 64)
      : conv_first(3, c, 3),
        conv_after_body(c, c, 3),
        conv_last(c, 3, 3),
        body(nn::repeat<AttentionBlock<T, D>>(blocks, c)),
        upsample(2, c) {}
  Var<T, D> operator()(const Var<T, D>& x) const {
    const Var<T, D> head = conv_first(x);
    Var<T, D> y = head;
    for (const auto& block : body) y = block(y);
    return conv_last(upsample(conv_after_body(y) + head));  // (N, 2 H, 2 W, 3)
  }
  models::InputSpec input_spec() const { return {.scale = 2}; }  // how crisp::infer feeds it
  CRISP_PARAMS(conv_first, body, conv_after_body, upsample, conv_last)
};
// [/snippet]

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : "synthetic";
  const Index steps = argc > 2 ? std::stol(argv[2]) : 3000, blocks = argc > 3 ? std::stol(argv[3]) : 4;
  const auto images =
      folder == "synthetic" ? data::dead_leaves({.count = 32, .colour = true}) : data::load_folder(folder);
  const auto held_out = data::dead_leaves({.count = 1, .colour = true, .seed = 99});
  const data::PatchDataset patches(images,
                                   {.scale = 2, .patch = 24, .luma = false, .input = data::Input::lr});

  AttentionEdsr<float, Device> net(blocks);
  optim::Adam adam(net, {.lr = 5e-4});
  const optim::Schedule schedule = optim::cosine();
  Index step = 0;
  for (auto& [lr, hr] : patches.batches<Device>({.batch = 4, .steps = steps})) {
    adam.set_lr(5e-4 * schedule(step, steps));
    const auto loss = l1_loss(net(lr), hr);
    loss.backward();
    adam.step();
    if (++step % 100 == 0 || step == steps) {
      const auto c = infer::compare("held out", held_out[0], infer::upscaler(net), 2, infer::Protocol::rgb8);
      std::printf("step %ld  loss %.5f  held out %.2f dB, bicubic %.2f dB\n", long(step), double(loss.item()),
                  c.score.psnr, c.bicubic_psnr);
    }
  }
  io::save("attention_edsr.safetensors", net);
}
