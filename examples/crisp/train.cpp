// crisp train: trains a network on folders of images, or on synthetic ones; on several processes where mpirun
// starts them.
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "common.hpp"
#include "crisp/core/text.hpp"
#include "crisp/data/degrade.hpp"
#include "crisp/nn/init.hpp"
#include "device.hpp"
#include "processes.hpp"
#include "train_examples.hpp"

namespace crisp::program {

zoo::Recipe RecipeChanges::applied_to(zoo::Recipe recipe) const {
  recipe.batch = batch.value_or(recipe.batch);
  recipe.patch = patch.value_or(recipe.patch);
  recipe.lr = lr.value_or(recipe.lr);
  recipe.clip = clip.value_or(recipe.clip);
  recipe.ema = ema.value_or(recipe.ema);
  recipe.loss = loss.value_or(recipe.loss);
  recipe.optimizer = optimizer.value_or(recipe.optimizer);
  recipe.schedule = schedule.value_or(recipe.schedule);
  recipe.degrade = degrade.value_or(recipe.degrade);
  return recipe;
}

optim::Schedule TrainOptions::schedule() const {
  const std::string& name = recipe.schedule;
  optim::Schedule s = optim::constant();
  if (name == "cosine") s = optim::cosine();
  if (name == "step") s = optim::milestones({0.25, 0.5, 0.75});
  if (name == "edsr") s = optim::milestones({2.0 / 3});
  if (name == "swinir") s = optim::milestones({0.5, 0.8, 0.9, 0.95});
  if (name == "srgan") s = optim::milestones({0.5}, 0.1);
  return warm_up > 0 ? optim::warm_up(warm_up, s) : s;
}

io::Metadata TrainOptions::settings(const zoo::Settings& net, Index images) const {
  io::Metadata s = net;
  std::string sources = data.hr.empty() ? ""
                                        : str(data.lr.lexically_normal().string(), " with ",
                                              data.hr.lexically_normal().string());
  for (const std::string& source : data.train)
    sources += (sources.empty() ? "" : ", ") +
               (source == "synthetic" ? source : fs::path(source).lexically_normal().string());
  s["train"] = sources;
  s["train_images"] = std::to_string(images);
  s["degrade"] = recipe.degrade;
  s["batch"] = std::to_string(recipe.batch);
  s["patch"] = std::to_string(recipe.patch);
  s["optimizer"] = recipe.optimizer;
  s["lr"] = str(recipe.lr);
  std::string own;
  for (const optim::LayerRate& layer : layers)
    own += str(own.empty() ? "" : " ", layer.prefix, "=", layer.lr);
  if (!own.empty()) s["layer_lr"] = own;
  s["schedule"] = schedule().description();
  s["loss"] = recipe.loss;
  s["clip_grad"] = str(recipe.clip);
  s["ema"] = str(recipe.ema);
  s["accumulate"] = std::to_string(accumulate);
  s["seed"] = std::to_string(seed);
  s["precision"] = computing.precision;
  if (!init.empty()) s["init"] = init.string();
  if (normal_init > 0) s["normal_init"] = str(normal_init);
  if (steps > 0) s["steps"] = std::to_string(steps);
  else s["minutes"] = str(minutes);
  return s;
}

std::string title(const zoo::Settings& net) {
  const auto variant = net.find("variant");
  return str(net.at("model"), variant == net.end() ? "" : " " + variant->second, ", x", net.at("scale"));
}

namespace {

void announce(const TrainOptions& o, const Network& net, const TrainingData& data) {
  if (o.quiet) return;
  const zoo::Recipe& r = o.recipe;
  const Index size = processes().size();
  const std::string shared = size > 1 ? str(" shared by ", size, " processes") : "";
  const std::string added = o.accumulate > 1 ? str(", ", o.accumulate, " for a step") : "";
  const std::string degraded = r.degrade == "bicubic" ? "" : ", input by " + r.degrade;
  const std::string averaged = r.ema > 0 ? str(", weights averaged by ", r.ema) : "";
  const std::string on_cpu = str(threads(), size > 1 ? " threads in each process" : " threads");
  const std::string place =
      o.computing.chosen() == "cuda" ? "on the GPU in " + o.computing.precision : on_cpu;
  const bool fewer = data.valid_limit > 0 && data.valid_limit < data.valid.size();
  const std::string limited = fewer ? str("; ", data.valid_limit, " of them during the training") : "";
  const std::string levels = net.has_pictures() ? " of each level" : "";
  std::string own;
  for (const optim::LayerRate& layer : o.layers) own += str(", ", layer.lr, " for ", layer.prefix);
  const std::string drawn =
      o.normal_init > 0 ? str("; here from weights around 0 of deviation ", o.normal_init) : "";
  const std::string length = o.steps > 0 ? str(o.steps, " steps") : str(o.minutes, " minutes");
  std::cout << "network   " << title(net.settings()) << ", " << nn::parameter_count(net).trained
            << " parameters\n"
            << "train     " << data.patches.images() << " images, patches of " << r.patch << " x " << r.patch
            << ", batches of " << r.batch << shared << added << degraded << "\n"
            << "validate  " << data.valid.size() << " images, " << data.valid_source << limited << "\n"
            << "method    " << r.optimizer << ", learning rate " << r.lr << own << ", "
            << o.schedule().description() << ", " << r.loss << " loss" << levels << averaged << ", " << place
            << "\n"
            << "recipe    " << r.source << drawn << "\n"
            << "length    " << length << "\n"
            << "results   " << o.out.string() << "\n"
            << std::endl;
}

// The weights of convolutions and linear layers; biases and what normalises stay as they are.
void draw_weights(Network& net, double deviation) {
  net.each_param([&](const std::string&, auto& p) {
    if (p.shape().rank() >= 2)
      p.value().copy_(nn::make_weight<float, Cpu>(p.shape(), nn::Init::normal(deviation)));
  });
}

void take_init(Network& net, const TrainOptions& o) {
  const zoo::Matched matched = zoo::load_matching(read_weights("--init", o.init, o.key), net);
  io::check_finite(o.init, net);
  if (o.quiet) return;
  std::cout << "init      " << matched.taken << " weights from " << o.init.string() << "\n";
  for (const std::string& left : matched.left) std::cout << "          begins anew: " << left << "\n";
}

// --lr is the learning rate; a folder there, as competitions call it, holds the low-resolution pictures of
// --hr.
void sort_lr(TrainOptions& o) {
  for (const std::string& text : o.lr) {
    const std::optional<double> number = number_of(text);
    use(!number || (is_finite(*number) && *number > 0),
        "--lr: the learning rate must be a number above 0, not '", text, "'");
    use(number || fs::is_directory(text), "--lr '", text, "' is neither a learning rate nor a folder");
    if (number) o.changes.lr = number;
    else o.data.lr = text;
  }
}

// --layer-lr conv3.=1e-5: a rate for all parameters whose names begin so.
void read_layer_rates(TrainOptions& o, const Network& net) {
  use(o.layer_lr.empty() || net.name() != "srgan",
      "--layer-lr is for one network; srgan trains two against each other");
  for (const std::string& text : o.layer_lr) {
    const std::size_t equal = text.find('=');
    const std::string name = text.substr(0, equal);
    const std::optional<double> rate = number_of(text.substr(equal + 1));
    const bool right = rate && is_finite(*rate) && *rate >= 0;
    use(right, "--layer-lr ", text, ": the learning rate must be a number of 0 or more, such as conv3.=1e-5");
    bool met = false;
    std::string first, last;
    net.each_param([&](const std::string& parameter, const auto&) {
      met = met || parameter.starts_with(name);
      if (first.empty()) first = parameter;
      last = parameter;
    });
    use(met, "--layer-lr ", text, ": no parameter begins with '", name, "'; they are called ", first, " to ",
        last, " (crisp info shows all)");
    o.layers.push_back({name, *rate});
  }
}

void check_options(TrainOptions& o, const Network& net) {
  use((o.steps > 0) + (o.minutes > 0) + (o.epochs > 0) <= 1, "give one of --minutes, --steps and --epochs");
  if (o.steps == 0 && o.minutes == 0 && o.epochs == 0) o.minutes = 10;
  use(!fs::exists(o.out) || fs::is_directory(o.out), "--out '", o.out.string(), "' is not a folder");
  const bool begun =
      fs::exists(o.out / "state.safetensors") || fs::exists(o.out / "srresnet" / "state.safetensors");
  use(o.resume || !begun, "--out '", o.out.string(),
      "' holds a training already; go on with it by --resume, or choose another folder");
  use(!o.resume || begun, "--resume: there is no training in '", o.out.string(), "'");
  const Index margin = net.input_spec().margin;
  use(o.recipe.patch > 2 * margin, "--patch ", o.recipe.patch, " is too small: this network needs more than ",
      2 * margin, " pixels a side");
  const Index size = processes().size(), fewer = o.recipe.batch / size * size;
  use(o.recipe.batch % size == 0, "--batch ", o.recipe.batch, " cannot be shared equally by ", size,
      " processes; give --batch ", fewer > 0 ? str(fewer, " or ") : "", fewer + size);
  use(net.name() != "srgan" || o.recipe.patch * net.scale() % 16 == 0, "--patch ", o.recipe.patch, ": x",
      net.scale(), " of it must be a multiple of 16, for the discriminator");
  use(o.vgg.empty() || net.name() == "srgan", "--vgg is for srgan");
  try {
    data::degradation(o.recipe.degrade);
  } catch (const Error& e) {
    throw WrongUse(str("--degrade: ", e.what()));
  }
  o.data.degrade = o.recipe.degrade;
  o.data.seed = o.seed;
  check_data(o.data, net.scale());
}

// Each process has its part of the processors, unless the threads are told.
void join_processes(TrainOptions& o) {
  const int fair = processes().fair_threads();
  if (processes().size() > 1 && o.computing.threads == 0 && !std::getenv("OMP_NUM_THREADS"))
    o.computing.threads = fair;
  o.quiet = o.quiet || processes().rank() > 0;
  if (o.loader_threads == 0)
    o.loader_threads = std::clamp((processes().size() > 1 ? fair : usable_processors().count) / 2, 1, 8);
}

void run(TrainOptions& o) {
  join_processes(o);
  o.computing.apply();
  use(!o.graph || o.computing.chosen() == "cuda",
      "--graph is for the GPU: leave it out, or give --device cuda");
  use(!o.graph || !o.watch, "--watch cannot look into a step of --graph: leave out one of both");
  distributed::detail::check_same(str("device ", o.computing.chosen(), "\n"), processes());
  if (zoo::from_examples(o.network.model)) return train_from_examples(o);
  sort_lr(o);
  o.recipe = o.changes.applied_to(zoo::recipe_of(o.network.model, o.network.variant));
  seed(std::uint64_t(o.seed));
  Network net = o.network.make();
  const bool restores = net.scale() == 1 && !net.input_spec().enlarged;
  use(o.network.scale > 0 || restores, "give --scale N, such as --scale 3");
  check_options(o, net);
  read_layer_rates(o, net);
  if (!o.vgg.empty()) require_file("--vgg", o.vgg);
  use(o.key.empty() || !o.init.empty(), "--key goes with --init FILE");
  use(o.normal_init == 0 || o.init.empty(), "--init and --normal-init exclude each other");
  if (!o.init.empty()) take_init(net, o);
  if (o.normal_init > 0) draw_weights(net, o.normal_init);
  const TrainingData data = load_data(o.data, net, o.recipe.patch, o.quiet);
  if (o.epochs > 0) o.steps = o.epochs * data.patches.epoch_steps(o.recipe.batch);
  announce(o, net, data);
  if (!o.quiet) tell_left_out(o.data);
  train_on(o, std::move(net), data);
}

void add_data_options(Command& command, DataOptions& data) {
  command.option("--train", data.train,
                 "a folder of images, or the word synthetic; may be given several times");
  command.option("--hr", data.hr,
                 "a folder of high-resolution images, with --lr DIR the small ones under the same names");
  command.option("--valid", data.valid, "a folder of images to validate on (default: 4 synthetic pictures)");
  command.option("--split", data.split, "or hold pictures back for it: the part that trains, such as 0.8");
  command
      .option("--valid-limit", data.valid_limit,
              "validate on so many of them during the training, and on all at its end (default: on all)")
      .at_least(1);
  command.option("--data-memory", data.memory,
                 "what pictures may take in memory, such as 4G; larger sets lie in a cache file (default: a "
                 "quarter of the machine's)");
  command.option("--cache", data.cache,
                 "folder for those cache files (default: $XDG_CACHE_HOME/crisp or ~/.cache/crisp)");
}

void add_length_options(Command& command, TrainOptions& o) {
  command
      .option("--minutes", o.minutes,
              "how long to train, by the clock; a last validation follows (default: 10)")
      .above_zero();
  command.option("--steps", o.steps, "or how many steps: then the same seed gives the same weights")
      .at_least(1);
  command.option("--epochs", o.epochs, "or how often to see as many patches as cover the images").at_least(1);
  command.option("--init", o.init, "begin with the weights of this file, as far as they fit");
  add_key(command, o.key);
  command
      .option(
          "--normal-init", o.normal_init,
          "begin with weights around 0 of this deviation, such as the 0.001 of SRCNN's paper (default: as "
          "the network begins)")
      .above_zero();
  command.option("--vgg", o.vgg, "VGG19's weights in torchvision's names, for the content loss of srgan");
}

void add_recipe_options(Command& command, TrainOptions& o) {
  const std::string r = " (default: the network's recipe)";
  command.option("--degrade", o.changes.degrade,
                 "how the input is made: bicubic, blur, blur:1.6, noise:25 or jpeg:10" + r);
  command.option("--batch", o.changes.batch, "patches in a batch" + r).at_least(1);
  command.option("--accumulate", o.accumulate, "batches whose gradients are added up for a step")
      .at_least(1)
      .shows_default();
  command.option("--patch", o.changes.patch, "side of a patch, in pixels of what the network is given" + r)
      .at_least(1);
  command.option("--lr", o.lr, "learning rate at the beginning" + r + "; or a folder, see --hr");
  command
      .option("--layer-lr", o.layer_lr,
              "a learning rate of its own for the layers whose names begin so, such as conv3.=1e-5")
      .pairs();
  command.option("--optimizer", o.changes.optimizer, "adam, adamw or sgd (momentum 0.9)" + r)
      .one_of({"adam", "adamw", "sgd"});
  command
      .option("--schedule", o.changes.schedule,
              "cosine, step (halved at each quarter), constant, or that of edsr, swinir, srgan" + r)
      .one_of({"cosine", "step", "constant", "edsr", "swinir", "srgan"});
  command.option("--warm-up", o.warm_up, "steps over which the learning rate rises (default: none)")
      .at_least(1);
  command.option("--loss", o.changes.loss, "mse, l1 or charbonnier" + r).one_of({"mse", "l1", "charbonnier"});
  command.option("--clip-grad", o.changes.clip, "bound on the length of the gradient" + r).above_zero();
  command.option("--ema", o.changes.ema, "decay of averaged weights, such as 0.999" + r).range(0.0, 0.999999);
}

void add_run_options(Command& command, TrainOptions& o) {
  command
      .option("--validate-every", o.validate_every,
              "steps between validations (default: 20 in all, or fewer, for a tenth of the time)")
      .at_least(1);
  command.option("--seed", o.seed, "of the weights, the patches and the synthetic pictures")
      .at_least(0)
      .shows_default();
  command
      .option("--loader-threads", o.loader_threads,
              "threads that prepare batches; the result is the same for any number (default: half of the "
              "processors, at most 8)")
      .range(1, 256);
  command.option("--out", o.out, "folder for best, last and state .safetensors, metrics.csv and report.html")
      .required();
  command.flag("--watch", o.watch,
               "measure the gradient and the dead units of each layer, into layers.csv and report.html");
  command.flag("--graph", o.graph,
               "on the GPU, each step as one CUDA graph: the same training, faster where the network is "
               "small; without dropout and drop path, in one process");
  command.flag("--resume", o.resume, "go on with the training in --out, after a stop of any kind");
  command.flag("--quiet", o.quiet, "print the result only");
}

}  // namespace

void add_train(Program& program) {
  const auto o = std::make_shared<TrainOptions>();
  Command command = program.command("train", "Train a network on folders of images, or on synthetic ones");
  o->network.model = "srcnn";
  o->network.add_to(command);
  add_data_options(command, o->data);
  add_length_options(command, *o);
  add_recipe_options(command, *o);
  add_run_options(command, *o);
  o->computing.add_to(command);
  command.footer(
      "Ctrl-C, SIGTERM and SIGHUP save the state and stop; --resume goes on from there. A second\n"
      "Ctrl-C ends at once.\n"
      "mpirun -np N crisp train ... shares each batch among N processes: the same training, sooner.\n"
      "Example: crisp train --model srcnn --scale 3 --train T91 --valid Set5 --minutes 10 --out run");
  command.callback([o] {
    std::signal(SIGPIPE, SIG_IGN);  // who reads the output may go: a training is for its files
    try {
      run(*o);
    } catch (const std::exception& e) {
      leave_to_first(e);
      throw;
    }
  });
}

}  // namespace crisp::program
