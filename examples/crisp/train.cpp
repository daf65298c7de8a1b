// crisp train: trains a network on a folder of images, or on synthetic ones.
#include <iostream>
#include <memory>

#include "common.hpp"
#include "crisp/data/image_io.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/infer/evaluate.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/sgd.hpp"
#include "crisp/train/trainer.hpp"

namespace crisp::program {

namespace {

struct Options {
  std::string model = "srcnn", variant, optimizer = "adam", schedule = "cosine", loss = "mse";
  std::vector<std::string> train;
  fs::path valid, out;
  Index scale = 0, steps = 0, epochs = 0, batch = 16, patch = 33, validate_every = 0, warm_up = 0;
  double minutes = 0, lr = 1e-3, clip = 0;
  Index seed = 0;
  int loader_threads = 1;
  bool resume = false, quiet = false;
  Computing computing;
};

struct NamedImage {
  std::string name;
  data::Image image;
};

std::vector<NamedImage> load(const std::string& option, const fs::path& folder) {
  std::vector<NamedImage> images;
  for (const fs::path& file : images_in(option, folder)) images.push_back({file.filename().string(), data::load_image(file)});
  return images;
}

std::vector<NamedImage> synthetic(Index count, std::uint64_t seed, Index size, bool colour) {
  std::vector<NamedImage> images;
  for (data::Image& image : data::dead_leaves({.count = count, .height = size, .width = size, .colour = colour, .seed = seed}))
    images.push_back({str("synthetic ", images.size() + 1), std::move(image)});
  return images;
}

// The training images; each must hold a patch, and its name says which does not.
std::vector<data::Image> training_images(const Options& o, Index channels) {
  std::vector<data::Image> images;
  for (const std::string& source : o.train) {
    const bool made = source == "synthetic";
    for (NamedImage& named : made ? synthetic(60, std::uint64_t(o.seed), 192, channels == 3) : load("--train", source)) {
      const Index h = named.image.height / o.scale * o.scale, w = named.image.width / o.scale * o.scale;
      check(h >= o.patch && w >= o.patch, "train: '", named.name, "' in ", source, " has ", named.image.height, " x ", named.image.width,
            " pixels, too few for a patch of ", o.patch, " x ", o.patch, "\n  hint: use a smaller --patch, or leave the image out");
      images.push_back(std::move(named.image));
    }
  }
  return images;
}

std::vector<NamedImage> validation_images(const Options& o, Index channels) {
  if (!o.valid.empty()) return load("--valid", o.valid);
  return synthetic(4, ~std::uint64_t(o.seed), 192, channels == 3);  // another seed: pictures that the training never sees
}

train::Validation validate(const Network& net, const std::vector<NamedImage>& images, Index scale) {
  const infer::Protocol protocol = net.channels() == 1 ? infer::Protocol::y : infer::Protocol::rgb8;
  constexpr std::size_t shown = 8;  // pictures in the report
  train::Validation v;
  v.protocol = infer::describe(protocol, scale);
  const auto network = infer::upscaler(net);
  for (const NamedImage& named : images) {
    infer::Comparison c = infer::compare(named.name, named.image, network, scale, protocol);
    v.psnr += c.score.psnr / double(images.size());
    v.ssim += c.score.ssim / double(images.size());
    v.bicubic_psnr += c.bicubic_psnr / double(images.size());
    if (v.pictures.size() < shown)
      v.pictures.push_back({named.name, c.score.psnr, c.score.ssim, c.bicubic_psnr, std::move(c.lr), std::move(c.bicubic), std::move(c.result), std::move(c.hr)});
  }
  return v;
}

optim::Schedule schedule(const Options& o) {
  optim::Schedule s = optim::constant();
  if (o.schedule == "cosine") s = optim::cosine();
  if (o.schedule == "step") s = optim::step_decay(std::max<Index>(1, (o.steps > 0 ? o.steps : 100000) / 4));
  return o.warm_up > 0 ? optim::warm_up(o.warm_up, s) : s;
}

std::unique_ptr<optim::Optimizer<float, Device>> optimizer(Network& net, const Options& o) {
  if (o.optimizer == "sgd") return std::make_unique<optim::Sgd<float, Device>>(net, optim::SgdOptions{.lr = o.lr, .momentum = 0.9});
  if (o.optimizer == "adamw") return std::make_unique<optim::AdamW<float, Device>>(net, optim::AdamOptions{.lr = o.lr, .weight_decay = 0.01});
  return std::make_unique<optim::Adam<float, Device>>(net, optim::AdamOptions{.lr = o.lr});
}

Var<float, Device> loss(const std::string& name, const Var<float, Device>& x, const Var<float, Device>& target) {
  if (name == "l1") return l1_loss(x, target);
  if (name == "charbonnier") return charbonnier_loss(x, target);
  return mse_loss(x, target);
}

// What has to agree when a training is resumed, and what the report shows.
train::Metadata settings_of(const Options& o, const Network& net, Index images) {
  train::Metadata s = net.settings();
  std::string sources;
  for (const std::string& source : o.train) sources += (sources.empty() ? "" : ", ") + (source == "synthetic" ? source : fs::path(source).lexically_normal().string());
  s["train"] = sources;
  s["train_images"] = std::to_string(images);
  s["batch"] = std::to_string(o.batch);
  s["patch"] = std::to_string(o.patch);
  s["optimizer"] = o.optimizer;
  s["lr"] = str(o.lr);
  s["schedule"] = schedule(o).description();
  s["loss"] = o.loss;
  s["clip_grad"] = str(o.clip);
  s["seed"] = std::to_string(o.seed);
  if (o.steps > 0) s["steps"] = std::to_string(o.steps);
  else s["minutes"] = str(o.minutes);
  return s;
}

void announce(const Options& o, const Network& net, const data::PatchDataset& patches, Index valid_images) {
  if (o.quiet) return;
  std::cout << "network   " << net.name() << " " << models::detail::setting(net.settings(), "variant", "") << ", x" << o.scale << ", "
            << nn::parameter_count(net).trained << " parameters\n"
            << "train     " << patches.images() << " images, patches of " << o.patch << " x " << o.patch << ", batches of " << o.batch << "\n"
            << "validate  " << valid_images << " images" << (o.valid.empty() ? ", synthetic and held out" : " of " + o.valid.string()) << "\n"
            << "method    " << o.optimizer << ", learning rate " << o.lr << ", " << schedule(o).description() << ", " << o.loss << " loss, "
            << threads() << " threads\n"
            << "length    " << (o.steps > 0 ? str(o.steps, " steps") : str(o.minutes, " minutes")) << "\n"
            << "results   " << o.out.string() << "\n" << std::endl;
}

void run(Options& o) {
  use((o.steps > 0) + (o.minutes > 0) + (o.epochs > 0) <= 1, "give one of --minutes, --steps and --epochs");
  if (o.steps == 0 && o.minutes == 0 && o.epochs == 0) o.minutes = 10;
  o.computing.apply();
  for (const std::string& source : o.train)
    if (source != "synthetic") images_in("--train", source);
  if (!o.valid.empty()) images_in("--valid", o.valid);
  use(!fs::exists(o.out) || fs::is_directory(o.out), "--out '", o.out.string(), "' is not a folder");
  const bool begun = fs::exists(o.out / "state.safetensors");
  use(o.resume || !begun, "--out '", o.out.string(), "' holds a training already; go on with it by --resume, or choose another folder");
  use(!o.resume || begun, "--resume: there is no training in '", o.out.string(), "'");
  seed(std::uint64_t(o.seed));
  Network net = make_network(o.model, o.variant, o.scale);
  use(o.patch > 2 * net.training_margin(), "--patch ", o.patch, " is too small: this network needs more than ", 2 * net.training_margin(), " pixels a side");

  const std::vector<data::Image> images = training_images(o, net.channels());
  const data::PatchDataset patches(images, {.scale = o.scale, .patch = o.patch, .luma = net.channels() == 1,
                                            .input = net.takes_enlarged_input() ? data::Input::ilr : data::Input::lr});
  if (o.epochs > 0) o.steps = o.epochs * patches.epoch_steps(o.batch);
  const std::vector<NamedImage> valid = validation_images(o, net.channels());
  announce(o, net, patches, Index(valid.size()));

  const auto method = optimizer(net, o);
  const train::Metadata settings = settings_of(o, net, patches.images());
  const train::FitResult result = train::fit(
      net, *method, patches,
      [&](const auto& x, const auto& target) {
        const auto y = net.training_forward(x);  // (N, H, W, C), or its centre
        return loss(o.loss, y, centre(target, y[1], y[2]));
      },
      {.out = o.out, .steps = o.steps, .minutes = o.minutes, .loader = {.batch = o.batch, .seed = std::uint64_t(o.seed), .threads = o.loader_threads},
       .schedule = schedule(o), .clip_norm = o.clip, .validate_every = o.validate_every, .validate = [&] { return validate(net, valid, o.scale); },
       .resume = o.resume, .metadata = net.settings(), .settings = settings,
       .title = str(net.name(), " ", models::detail::setting(net.settings(), "variant", ""), " x", o.scale), .quiet = o.quiet});

  if (result.interrupted) {
    std::cout << "stopped at step " << result.progress.step << "; go on with the same command and --resume\n";
  } else {
    std::cout << "done: " << result.progress.step << " steps in " << train::duration(result.progress.seconds) << "\nPSNR      " << fixed(result.psnr, 3) << " dB, bicubic "
              << fixed(result.bicubic_psnr, 3) << " dB, gain " << fixed(result.psnr - result.bicubic_psnr, 3) << " dB; best " << fixed(result.progress.best_psnr, 3)
              << " dB at step " << result.progress.best_step << "\n";
  }
  const bool validated = fs::exists(o.out / "best.safetensors");  // not after a stop before the first validation
  std::cout << "weights   " << (o.out / (validated ? "best.safetensors" : "last.safetensors")).string() << "\nreport    " << (o.out / "report.html").string() << "\n";
}

}  // namespace

void add_train(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("train", "Train a network on a folder of images, or on synthetic ones");
  CLI::Validator positive = CLI::Range(Index(1), std::numeric_limits<Index>::max()), from_zero = CLI::Range(Index(0), std::numeric_limits<Index>::max());
  positive.description("1 or more");
  from_zero.description("0 or more");
  const CLI::Validator above_zero(
      [](std::string& text) {
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        return *end == 0 && std::isfinite(value) && value > 0 ? std::string() : "it must be a number above 0, not '" + text + "'";
      },
      "above 0");
  command.add_option("--model", o->model, "the network: srcnn")->capture_default_str();
  command.add_option("--variant", o->variant, "its kernel sizes, for srcnn: 9-1-5 (default), 9-3-5, 9-5-5");
  command.add_option("--scale", o->scale, "enlargement factor, a whole number")->required()->check(CLI::Range(1, 8));
  command.add_option("--train", o->train, "a folder of images, or the word synthetic; may be given several times")->required();
  command.add_option("--valid", o->valid, "a folder of images to validate on (default: 4 synthetic pictures)");
  command.add_option("--minutes", o->minutes, "how long to train, by the clock; a last validation follows (default: 10)")->check(above_zero);
  command.add_option("--steps", o->steps, "or how many steps: then the same seed gives the same weights")->check(positive);
  command.add_option("--epochs", o->epochs, "or how often to see as many patches as cover the images")->check(positive);
  command.add_option("--batch", o->batch, "patches in a step")->check(positive)->capture_default_str();
  command.add_option("--patch", o->patch, "side of a patch, in pixels of the enlarged image")->check(positive)->capture_default_str();
  command.add_option("--lr", o->lr, "learning rate at the beginning")->check(above_zero)->capture_default_str();
  command.add_option("--optimizer", o->optimizer, "adam, adamw or sgd (momentum 0.9)")->check(CLI::IsMember({"adam", "adamw", "sgd"}))->capture_default_str();
  command.add_option("--schedule", o->schedule, "cosine, step (halved at each quarter) or constant")->check(CLI::IsMember({"cosine", "step", "constant"}))->capture_default_str();
  command.add_option("--warm-up", o->warm_up, "steps over which the learning rate rises (default: none)")->check(positive);
  command.add_option("--loss", o->loss, "mse, l1 or charbonnier")->check(CLI::IsMember({"mse", "l1", "charbonnier"}))->capture_default_str();
  command.add_option("--clip-grad", o->clip, "bound on the length of the gradient (default: none)")->check(above_zero);
  command.add_option("--validate-every", o->validate_every, "steps between validations (default: 20 in all)")->check(positive);
  command.add_option("--seed", o->seed, "of the weights, the patches and the synthetic pictures")->check(from_zero)->capture_default_str();
  command.add_option("--loader-threads", o->loader_threads, "threads that prepare batches; the result is the same for any number")->check(CLI::Range(1, 256))->capture_default_str();
  command.add_option("--out", o->out, "folder for best, last and state .safetensors, metrics.csv and report.html")->required();
  command.add_flag("--resume", o->resume, "go on with the training in --out, after a stop of any kind");
  command.add_flag("--quiet", o->quiet, "print the result only");
  o->computing.add_to(command);
  command.footer("Ctrl-C saves the state and stops; --resume goes on from there.\n"
                 "Example: crisp train --model srcnn --scale 3 --train T91 --valid Set5 --minutes 10 --out run");
  command.callback([o] { run(*o); });
}

}  // namespace crisp::program
