// crisp look: what a network or a dictionary has learnt, as pictures: filters, atoms, feature maps.
#include <iostream>
#include <memory>

#include "crisp/data/color.hpp"
#include "crisp/infer/upscale.hpp"
#include "crisp/report/mosaic.hpp"
#include "device.hpp"
#include "picture.hpp"

namespace crisp::program {

namespace {

struct LookOptions {
  fs::path file, output, picture;
  std::string key, layer;
  Index scale = 0, enlarge = 6, atom = 0;
};

using Tiles = std::vector<data::Image>;
using Weight = Tensor<float, Cpu>;

// (O, kH, kW, C): a tile an output. Three inputs are shown as colours; of more, the one with the largest
// weights.
Tiles filters(const Weight& w) {
  const std::vector<float> v = w.to_host();
  const Index kH = w[1], kW = w[2], C = w[3], size = kH * kW;
  Tiles tiles;
  for (Index o = 0; o < w[0]; ++o) {
    const float* filter = v.data() + o * size * C;
    std::vector<double> energy(std::size_t(C), 0.0);
    for (Index i = 0; i < size * C; ++i) energy[std::size_t(i % C)] += double(filter[i]) * double(filter[i]);
    const Index largest = std::max_element(energy.begin(), energy.end()) - energy.begin();
    data::Image tile(kH, kW, C == 3 ? 3 : 1);
    for (Index i = 0; i < size; ++i)
      for (Index c = 0; c < tile.channels; ++c)
        tile.samples[std::size_t(i * tile.channels + c)] = filter[i * C + (C == 3 ? c : largest)];
    tiles.push_back(std::move(tile));
  }
  return tiles;
}

// (side^2, K): a tile a column, which holds a patch column by column. Other tables have no such columns.
Tiles atoms(const std::string& name, const Weight& table) {
  const Index side = Index(std::lround(std::sqrt(double(table[0]))));
  use(side * side == table[0], "--layer ", name, ": columns of ", table[0], " numbers are no square patches");
  const std::vector<float> v = table.to_host();
  Tiles tiles(std::size_t(table[1]), data::Image(side, side, 1));
  for (Index k = 0; k < table[1]; ++k)
    for (Index i = 0; i < table[0]; ++i)
      tiles[std::size_t(k)].at(i % side, i / side) = v[std::size_t(i * table[1] + k)];
  return tiles;
}

// (K, side^2, k) with anchors (k, K): the details that each anchor predicts for itself.
Tiles anchored(const Weight& regressors, const Weight& anchors) {
  const std::vector<float> r = regressors.to_host(), a = anchors.to_host();
  const Index K = regressors[0], area = regressors[1], k = regressors[2];
  std::vector<float> table(std::size_t(area * K), 0.0f);
  for (Index n = 0; n < K; ++n)
    for (Index i = 0; i < area; ++i)
      for (Index j = 0; j < k; ++j)
        table[std::size_t(i * K + n)] += r[std::size_t((n * area + i) * k + j)] * a[std::size_t(j * K + n)];
  return atoms("regressors", Weight({area, K}, table));
}

// The matrix of one atom, counted from 1, of regressors (K, side^2, k): what it predicts for the atom itself,
// then its columns, which are what each direction of the PCA adds; the strongest, which is the last, first.
Tiles matrix_tiles(const Weight& regressors, const Weight& anchors, Index atom) {
  const Index K = regressors[0], area = regressors[1], k = regressors[2];
  use(atom <= K, "--atom ", atom, ": there are ", K, " atoms");
  Tiles tiles{anchored(regressors, anchors)[std::size_t(atom - 1)]};
  const std::vector<float> r = regressors.to_host();
  const auto begin = r.begin() + (atom - 1) * area * k;
  const Tiles columns = atoms("regressors", Weight({area, k}, std::vector<float>(begin, begin + area * k)));
  tiles.insert(tiles.end(), columns.rbegin(), columns.rend());
  return tiles;
}

bool can_be_shown(const std::string& name, const Shape& shape) {
  if (shape.rank() == 4) return shape[1] > 1;
  return name == "dict_high" || name == "regressor" || name == "regressors";
}

// The weights to look at: those that the option names, else the first that can be seen.
std::pair<std::string, Tiles> tiles_of(const Network& net, const std::string& layer) {
  std::map<std::string, Weight> all;
  std::string chosen, known;
  net.each_param([&](const std::string& name, const auto& p) {
    all.emplace(name, p.value());
    if (!can_be_shown(name, p.shape())) return;
    known += " " + name;
    const bool named = name == layer || name == layer + ".weight";
    if (chosen.empty() && (layer.empty() || named)) chosen = name;
  });
  use(!chosen.empty(), "--layer '", layer, "' is none that can be shown; there are:", known);
  const Weight& w = all.at(chosen);
  if (chosen == "regressors") return {chosen, anchored(w, all.at("anchors"))};
  return {chosen, w.shape().rank() == 4 ? filters(w) : atoms(chosen, w)};
}

// Of a method that has a matrix for each atom: that of one.
std::pair<std::string, Tiles> matrix_of(const Network& net, Index atom) {
  std::map<std::string, Weight> all;
  net.each_param([&](const std::string& name, const auto& p) { all.emplace(name, p.value()); });
  use(all.count("regressors") > 0, "--atom is for anr and aplus, which have a matrix for each atom, not for ",
      net.name());
  return {str("the matrix of atom ", atom), matrix_tiles(all.at("regressors"), all.at("anchors"), atom)};
}

// x (1, H, W, C): a tile a channel.
Tiles feature_maps(const Weight& x) {
  const std::vector<float> v = x.to_host();
  Tiles tiles(std::size_t(x[3]), data::Image(x[1], x[2], 1));
  for (Index i = 0; i < x[1] * x[2]; ++i)
    for (Index c = 0; c < x[3]; ++c)
      tiles[std::size_t(c)].samples[std::size_t(i)] = v[std::size_t(i * x[3] + c)];
  return tiles;
}

// Of each layer, what it makes of the picture: OUT_conv1.png and so on.
void write_feature_maps(const LookOptions& o, const Loaded& loaded) {
  const Network& net = *loaded.net;
  data::Image x = data::without_alpha(load_picture(o.picture));
  constexpr Index limit = 512;
  use(std::max(x.height, x.width) <= limit, "--picture: ", x.height, " x ", x.width, " pixels; at most ",
      limit, " on a side can be looked at");
  if (net.channels() == 1) x = data::luma(x);
  else if (x.channels == 1) x = data::gray_to_rgb(x);
  if (net.input_spec().enlarged) x = data::enlarge(x, choose_scale(loaded, o.file, o.scale));
  std::map<const void*, std::string> layer_of;
  net.each_param([&](const std::string& name, const auto& p) {
    layer_of[p.node().get()] = name.substr(0, name.rfind('.'));
  });
  const NoGrad guard;
  const Weight input = infer::to_tensor<float, Cpu>(x);
  for (const auto& step : steps_of<float, Cpu>([&] { net(input); })) {
    std::string layer;
    for (const auto& in : step.inputs)
      if (const auto found = layer_of.find(in.node().get()); found != layer_of.end()) layer = found->second;
    if (layer.empty() || step.result.shape().rank() != 4) continue;
    const fs::path file = o.output.parent_path() / (o.output.stem().string() + "_" + layer + ".png");
    save_picture(file, report::mosaic(feature_maps(step.result.value()), {.enlarge = 1, .symmetric = false}));
    std::cout << file.string() << "  " << step.result[3] << " feature maps of " << layer << "\n";
  }
}

void run_look(const LookOptions& o) {
  const bool png = o.output.extension() == ".png";
  use(png, "OUTPUT '", o.output.string(), "' must end in .png");
  use(o.atom == 0 || o.layer.empty(), "--atom and --layer exclude each other");
  if (!o.picture.empty()) require_file("--picture", o.picture);
  const Loaded loaded = load_network(o.file, o.key, o.scale);
  const bool layers = o.picture.empty() || !zoo::from_examples(loaded.net->name());
  use(layers, "--picture: ", loaded.net->name(), " has no layers: it is learnt from examples");
  auto [name, tiles] = o.atom > 0 ? matrix_of(*loaded.net, o.atom) : tiles_of(*loaded.net, o.layer);
  if (o.output.has_parent_path()) make_folder(o.output.parent_path());
  const Index count = Index(tiles.size());
  const bool sorted = o.atom == 0;  // a matrix has an order of its own
  save_picture(o.output, report::mosaic(std::move(tiles), {.enlarge = o.enlarge, .sorted = sorted}));
  std::cout << o.output.string() << "  " << count << " tiles of " << name
            << (sorted ? ", the strongest first\n"
                       : ": what it makes of the atom, then of each direction of the PCA\n");
  if (!o.picture.empty()) write_feature_maps(o, loaded);
}

}  // namespace

void add_look(Program& program) {
  const auto o = std::make_shared<LookOptions>();
  Command command =
      program.command("look", "Draw what a network or a dictionary has learnt: filters, atoms, feature maps");
  command.option("FILE", o->file, "weights: a .safetensors, .pth or .pt file").required();
  command.option("OUTPUT", o->output, "a .png file for the mosaic").required();
  add_key(command, o->key);
  command.option("--layer", o->layer, "which weights, by their name (default: the first that can be seen)");
  command
      .option("--atom", o->atom,
              "of anr and aplus: the matrix of this atom, a tile for each direction of the PCA, the "
              "strongest first")
      .at_least(1);
  command.option("--picture", o->picture,
                 "also write what each layer makes of this picture: OUTPUT_layer.png");
  command.option("--scale", o->scale, "enlargement factor; needed only where the file does not say")
      .range(1, 8);
  command.option("--enlarge", o->enlarge, "pixels that a weight becomes, on each side")
      .range(1, 64)
      .shows_default();
  command.footer(
      "Each tile is drawn around a middle gray, which is 0, and the strongest comes first.\n"
      "Example: crisp look run/best.safetensors filters.png --picture butterfly.png");
  command.callback([o] { run_look(*o); });
}

}  // namespace crisp::program
