// crisp data: looks through folders of pictures before a training, makes their caches, and shows what a
// network will be given.
#include <chrono>
#include <iostream>
#include <memory>

#include "crisp/report/progress_bar.hpp"
#include "data_check.hpp"
#include "picture.hpp"
#include "train_data.hpp"

namespace crisp::program {

namespace {

struct DataCommand {
  std::string action;
  std::vector<fs::path> arguments;  // folders, or the picture to write
  Architecture network;
  DataOptions data;
  fs::path lr;
  std::optional<Index> patch;
  std::optional<std::string> degrade;
  Index patches = 64;
  bool quiet = false;
  Computing computing;
};

void check_folders(const DataCommand& o) {
  std::vector<fs::path> folders = o.arguments;
  if (!o.data.hr.empty()) folders.push_back(o.data.hr);
  if (!o.lr.empty()) folders.push_back(o.lr);
  use(!folders.empty(), "check: give folders of pictures");
  use(o.lr.empty() == o.data.hr.empty(), "--lr DIR and --hr DIR go together");
  use(o.lr.empty() || o.network.scale > 0, "check: --lr and --hr need --scale N");
  for (const fs::path& folder : folders) images_in("check", folder);
  FolderCheck check(o.quiet);
  for (const fs::path& folder : folders) check.read(folder);
  if (!o.lr.empty()) check.compare_pairs(o.lr, o.data.hr, o.network.scale);
  check.find_doubles();
  check.conclude();
}

void prepare(const DataCommand& o) {
  use(!o.arguments.empty(), "prepare: give folders of pictures");
  for (const fs::path& folder : o.arguments) images_in("prepare", folder);
  DataOptions data = o.data;
  data.memory = "1";  // not in memory
  for (const fs::path& folder : o.arguments) {
    const auto set = open_folder(data, folder, o.quiet);
    double bytes = 0;
    for (Index i = 0; i < set->count(); ++i) bytes += double(set->info(i).bytes());
    if (!o.quiet)
      std::cout << left(folder.string(), 32) << set->count() << " pictures, " << fixed(bytes / 1e6, 1)
                << " MB of samples" << std::endl;
  }
}

// Patches side by side: what the network is given, enlarged to the size of the target, above the target.
data::Image sheet(const data::PatchDataset& patches, Index count, std::uint64_t seed) {
  data::Image all;
  for (auto& [input, target] :
       patches.batches<Cpu>({.batch = count, .steps = 1, .seed = seed, .threads = 1})) {
    const Index side = target[1], small = input[1], C = target[3], gap = 2;
    const Index across = Index(std::ceil(std::sqrt(2.0 * double(count)))), down = ceil_div(count, across);
    all = data::Image(down * (2 * side + 2 * gap), across * (side + gap), C, 255);
    const std::vector<float> x = input.to_host(), y = target.to_host();
    for (Index i = 0; i < count; ++i)
      for (Index row = 0; row < side; ++row)
        for (Index col = 0; col < side; ++col)
          for (Index c = 0; c < C; ++c) {
            const Index top = i / across * (2 * side + 2 * gap), left = i % across * (side + gap);
            const Index from = ((i * small + row * small / side) * small + col * small / side) * C + c;
            all.at(top + row, left + col, c) = 255 * x[std::size_t(from)];
            all.at(top + side + row, left + col, c) =
                255 * y[std::size_t(((i * side + row) * side + col) * C + c)];
          }
  }
  return all;
}

void show(DataCommand& o) {
  use(o.arguments.size() == 1, "show: give the picture to write, such as sheet.png");
  use(!fs::is_directory(o.arguments[0]), "'", o.arguments[0].string(),
      "' is a folder; give the name of a file");
  const Network net = o.network.make();
  const zoo::Recipe recipe = zoo::recipe_of(o.network.model, o.network.variant);
  o.data.lr = o.lr;
  o.data.degrade = o.degrade.value_or(recipe.degrade);
  check_data(o.data, net.scale());
  const TrainingData data = load_data(o.data, net, o.patch.value_or(recipe.patch), o.quiet);
  save_picture(o.arguments[0], sheet(data.patches, o.patches, std::uint64_t(o.data.seed)));
  if (!o.quiet)
    std::cout << o.patches << " patches of " << data.patches.images()
              << " images, each input above its target: " << o.arguments[0].string() << std::endl;
}

}  // namespace

void add_data(Program& program) {
  const auto o = std::make_shared<DataCommand>();
  o->network.model = "srcnn";
  Command command = program.command(
      "data", "Look through folders of pictures, prepare them, and show what a network will be given");
  command
      .option("ACTION", o->action,
              "check: read all, and report sizes, damage, and pictures that lie in two places; prepare: make "
              "the caches that a training would make; show: write a sheet of patches")
      .required()
      .one_of({"check", "prepare", "show"});
  command.option("FOLDERS", o->arguments, "folders of pictures; of show: the picture to write");
  o->network.add_to(command);
  command.option("--train", o->data.train, "of show: folders of images, or the word synthetic");
  command.option("--hr", o->data.hr, "of check and show: a folder of high-resolution images");
  command.option("--lr", o->lr, "with --hr: the folder of the small ones");
  command.option("--patches", o->patches, "of show: how many").range(Index(1), Index(4096)).shows_default();
  command.option("--patch", o->patch, "of show: side of a patch (default: the network's recipe)").at_least(1);
  command.option("--degrade", o->degrade, "of show: how the input is made (default: the network's recipe)");
  command.option("--seed", o->data.seed, "of show: which patches").at_least(0).shows_default();
  command.option("--cache", o->data.cache,
                 "folder for caches (default: $XDG_CACHE_HOME/crisp or ~/.cache/crisp)");
  command.flag("--quiet", o->quiet, "print the result only");
  command.footer(
      "Example: crisp data check DIV2K/train Set5 B100\n"
      "         crisp data prepare DIV2K/train\n"
      "         crisp data show --model edsr-baseline --scale 2 --train DIV2K/train sheet.png");
  command.callback([o] {
    if (o->action == "check") return check_folders(*o);
    if (o->action == "prepare") return prepare(*o);
    show(*o);
  });
}

}  // namespace crisp::program
