// See train_examples.hpp.
#include "train_examples.hpp"

#include <chrono>
#include <iostream>

#include "crisp/core/folder_lock.hpp"
#include "crisp/report/progress_bar.hpp"
#include "crisp/zoo/learn_from_examples.hpp"
#include "device.hpp"
#include "picture.hpp"
#include "processes.hpp"

namespace crisp::program {

namespace {

// The first option that is of networks with a gradient; "" where none was given.
std::string meaningless(const TrainOptions& o) {
  const RecipeChanges& c = o.changes;
  const std::pair<const char*, bool> given[] = {{"--minutes", o.minutes > 0},
                                                {"--steps", o.steps > 0},
                                                {"--epochs", o.epochs > 0},
                                                {"--batch", c.batch.has_value()},
                                                {"--patch", c.patch.has_value()},
                                                {"--lr", !o.lr.empty()},
                                                {"--layer-lr", !o.layer_lr.empty()},
                                                {"--normal-init", o.normal_init > 0},
                                                {"--clip-grad", c.clip.has_value()},
                                                {"--ema", c.ema.has_value()},
                                                {"--loss", c.loss.has_value()},
                                                {"--optimizer", c.optimizer.has_value()},
                                                {"--schedule", c.schedule.has_value()},
                                                {"--degrade", c.degrade.has_value()},
                                                {"--accumulate", o.accumulate > 1},
                                                {"--warm-up", o.warm_up > 0},
                                                {"--validate-every", o.validate_every > 0},
                                                {"--vgg", !o.vgg.empty()},
                                                {"--watch", o.watch},
                                                {"--graph", o.graph},
                                                {"--hr", !o.data.hr.empty()},
                                                {"--split", o.data.split > 0}};
  for (const auto& [name, is_given] : given)
    if (is_given) return name;
  return "";
}

fs::path dictionary_file(const TrainOptions& o) { return o.out / "dictionary.safetensors"; }

void check_options(const TrainOptions& o) {
  const std::string& model = o.network.model;
  const std::string wrong = meaningless(o);
  use(wrong.empty(), wrong, " is for networks with a gradient; ", model,
      " is learnt from examples in one go");
  use(processes().size() == 1, model, " is learnt by one process, with all its threads; leave out mpirun");
  const bool sc = model == "sc", aplus = model == "aplus";
  use(!sc,
      "--model sc: crisp does not learn it; give a file of its dictionaries to crisp upscale or crisp "
      "evaluate, by --weights");
  use(o.network.scale >= 2 && o.network.scale <= 4, model,
      " is learnt for 2, 3 or 4; give --scale N, such as --scale 3");
  const bool pictures = !o.data.train.empty();
  use(pictures || !aplus, "aplus is learnt from pictures; give --train DIR");
  use(pictures || !o.init.empty(), "give --train DIR, or by --init a file of dictionaries");
  for (const std::string& folder : o.data.train) {
    const bool synthetic = folder == "synthetic";
    use(!synthetic, "--train synthetic: ", model, " is learnt from photographs; give --train DIR");
    images_in("--train", folder);
  }
  if (!o.data.valid.empty()) images_in("--valid", o.data.valid);
  use(!fs::exists(o.out) || fs::is_directory(o.out), "--out '", o.out.string(), "' is not a folder");
  const bool done = fs::exists(o.out / "best.safetensors");
  use(!done, "--out '", o.out.string(), "' holds a training already; choose another folder");
  use(o.resume || !fs::exists(dictionary_file(o)), "--out '", o.out.string(),
      "' holds a training already; go on with it by --resume, or choose another folder");
  use(!o.resume || fs::exists(dictionary_file(o)), "--resume: there is no training in '", o.out.string(),
      "'");
}

std::vector<data::Image> pictures_of(const TrainOptions& o) {
  std::vector<data::Image> all;
  for (const std::string& folder : o.data.train)
    for (const fs::path& file : images_in("--train", folder))
      all.push_back(data::round_to_8bit(data::luma(load_picture(file))));
  return all;
}

classic::Dictionary read_dictionary(const std::string& option, const fs::path& file, const std::string& key) {
  const zoo::WeightsFile weights = read_weights(option, file, key);
  classic::Dictionary d;
  for (const auto& [name, to] :
       {std::pair{"pca", &d.projection}, {"dict_low", &d.low}, {"dict_high", &d.high}}) {
    const auto found = weights.content.tensors.find(name);
    use(found != weights.content.tensors.end(), option, " '", file.string(),
        "' holds no dictionaries: there is no ", name, " in it");
    *to = zoo::detail::to_matrix(found->second.values<double>(), found->second.shape);
  }
  return d;
}

// The part that is done, and how long the rest takes, of one stage after the other.
classic::Progress bar_of(bool quiet) {
  using Clock = std::chrono::steady_clock;
  const auto bar = std::make_shared<report::ProgressBar>(quiet);
  const auto begun = std::make_shared<std::pair<std::string, Clock::time_point>>();
  return [=](const std::string& what, double part) {
    const std::string stage = what.substr(0, what.find(','));
    if (begun->first != stage) *begun = {stage, Clock::now()};
    const double seconds = std::chrono::duration<double>(Clock::now() - begun->second).count();
    if (bar->due() || part == 0) bar->update(part, what + "  ", part > 0 ? seconds * (1 - part) / part : 0);
  };
}

// The dictionary to begin with, where the options name one.
std::optional<classic::Dictionary> given_dictionary(const TrainOptions& o) {
  if (!o.resume && o.init.empty()) return std::nullopt;
  classic::Dictionary d = o.resume ? read_dictionary("--resume", dictionary_file(o), "")
                                   : read_dictionary("--init", o.init, o.key);
  classic::check_dictionary(d, o.network.scale);
  return d;
}

Network with_tables(zoo::Settings settings, const classic::Dictionary& d, const zoo::Tables& tables) {
  settings["dimensions"] = std::to_string(d.low.rows());
  settings["atoms"] = std::to_string(d.atoms());
  Network net = Network::create(settings);
  zoo::set_tables(net, tables);
  return net;
}

void save(const TrainOptions& o, const fs::path& file, const Network& net, Index pictures) {
  io::Metadata about = net.settings();
  std::string sources;
  for (const std::string& source : o.data.train)
    sources += (sources.empty() ? "" : ", ") + fs::path(source).lexically_normal().string();
  about["train"] = sources;
  about["train_images"] = std::to_string(pictures);
  about["seed"] = std::to_string(o.seed);
  if (!o.init.empty()) about["init"] = o.init.string();
  io::save(file, net, about);
}

void tell_result(const TrainOptions& o, const std::shared_ptr<Network>& net) {
  const fs::path file = o.out / "best.safetensors";
  std::cout << file.string() << "\n";
  if (o.data.valid.empty()) return;
  const infer::Upscaler upscaler = running_on(o.computing, net).upscaler;
  std::vector<infer::ImageScore> scores;
  double bicubic = 0;
  for (const fs::path& one : images_in("--valid", o.data.valid)) {
    const auto c = infer::compare(one.filename().string(), load_picture(one), upscaler, net->scale(),
                                  infer::Protocol::y);
    scores.push_back(c.score);
    bicubic += c.bicubic_psnr;
  }
  const double n = double(scores.size());
  const infer::Evaluation all = infer::summarise(std::move(scores), net->scale(), infer::Protocol::y);
  std::cout << "validation " << fixed(all.psnr, 3) << " dB, SSIM " << fixed(all.ssim, 4) << ", bicubic "
            << fixed(bicubic / n, 3) << " dB, protocol " << all.protocol << "\n";
}

}  // namespace

void train_from_examples(TrainOptions& o) {
  check_options(o);
  const zoo::Settings settings = o.network.make().settings();
  std::optional<classic::Dictionary> d = given_dictionary(o);
  const std::vector<data::Image> hr = pictures_of(o);
  make_folder(o.out);
  const FolderLock lock("train", "another training", o.out);
  if (!o.quiet)
    std::cout << "method    " << title(settings) << ", learnt from examples, " << threads() << " threads\n"
              << "train     " << hr.size() << " images\nresults   " << o.out.string() << "\n"
              << std::endl;
  const classic::Progress progress = bar_of(o.quiet);
  if (!d) {
    classic::KsvdOptions k{.atoms = std::stol(settings.at("atoms"))};
    k.seed = std::uint64_t(o.seed);
    d = classic::learn_dictionary(hr, o.network.scale, k, progress);
    const zoo::Settings own{{"model", "zeyde"}, {"scale", std::to_string(o.network.scale)}, {"atoms", ""}};
    save(o, dictionary_file(o), with_tables(own, *d, zoo::tables_of(*d)), Index(hr.size()));
    d = read_dictionary("--resume", dictionary_file(o),
                        "");  // rounded to float, as after a stop: the same bits
  }
  const zoo::Tables tables = zoo::learn_tables(o.network.model, *d, o.network.scale, hr, progress);
  const auto net = std::make_shared<Network>(with_tables(settings, *d, tables));
  save(o, o.out / "best.safetensors", *net, Index(hr.size()));
  tell_result(o, net);
}

}  // namespace crisp::program
