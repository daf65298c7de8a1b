// crisp info: what a weights file holds, or what a network looks like: layers, shapes, parameters. And what
// can compute.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "built_in.hpp"
#include "common.hpp"
#include "device.hpp"
#include "drawing.hpp"

namespace crisp::program {

namespace {

struct InfoOptions {
  fs::path file;
  std::string key;
  Architecture network;
  fs::path graph;
  bool json = false, devices = false, models = false, built_in = false;
};

struct Layer {
  std::string name, kind;
  Shape weight, output;
  Index parameters = 0;
  bool reached = false;  // by the example input: kind and output are known
};

constexpr Index example_size = 33;

// The layers by name ("conv1" of "conv1.weight"), in order; kind and output from a run on an example image.
std::vector<Layer> layers_of(const Network& net) {
  std::vector<Layer> layers;
  std::map<const void*, std::size_t> layer_of;
  net.each_param([&](const std::string& name, const auto& p) {
    const std::string layer = name.substr(0, name.rfind('.'));
    if (layers.empty() || layers.back().name != layer) layers.push_back({layer, "", p.shape(), {}});
    layers.back().parameters += p.numel();
    layer_of[p.node().get()] = layers.size() - 1;
  });
  const nn::TrainingMode inference(false);  // the example must not move any statistics
  const NoGrad guard;
  const Tensor<float, Cpu> example({1, example_size, example_size, net.channels()}, 0.5f);
  for (const auto& step : expanded(steps_of<float, Cpu>([&] { net(example); })))
    for (const auto& input : step.inputs)
      if (const auto found = layer_of.find(input.node().get()); found != layer_of.end()) {
        Layer& layer = layers[found->second];
        layer.kind = step.op;
        layer.output = step.result.shape();
        layer.reached = true;
      }
  return layers;
}

std::vector<Index> extents(const Shape& shape) {
  std::vector<Index> list;
  for (int i = 0; i < shape.rank(); ++i) list.push_back(shape[i]);
  return list;
}

void print_json(const Network& net, const std::map<std::string, std::string>& metadata) {
  const nn::ParameterCount count = nn::parameter_count(net);
  nlohmann::ordered_json out{{"name", net.name()},           {"settings", net.settings()},
                             {"parameters", count.all()},    {"trained", count.trained},
                             {"untrained", count.untrained}, {"not_finite", io::not_finite(net).values}};
  out["layers"] = nlohmann::ordered_json::array();
  for (const Layer& layer : layers_of(net))
    out["layers"].push_back({{"name", layer.name},
                             {"kind", layer.kind},
                             {"weight", extents(layer.weight)},
                             {"output", extents(layer.output)},
                             {"parameters", layer.parameters}});
  out["metadata"] = metadata;
  std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

std::string works_on_image(const Network& net) {
  if (net.input_spec().enlarged) return "of the image enlarged by bicubic";
  return net.scale() == 1 ? "of an image that it restores" : "of the small image";
}

void print_table(const Network& net, const std::map<std::string, std::string>& metadata) {
  std::cout << net.name();
  for (const auto& [key, value] : net.settings())
    if (key != "model") std::cout << ", " << key << " " << value;
  std::cout << "\nworks on " << (net.channels() == 1 ? "luma" : "RGB") << ", " << works_on_image(net)
            << "\n\n"
            << left("layer", 20) << left("kind", 10) << left("weight (O, kH, kW, C)", 24)
            << left("output (N, H, W, C)", 22) << right("parameters", 12) << "\n"
            << left("input", 20) << left("", 34) << str(Shape{1, example_size, example_size, net.channels()})
            << "\n";
  for (const Layer& layer : layers_of(net))
    std::cout << left(layer.name, 20) << left(layer.kind, 10) << left(str(layer.weight), 24)
              << left(layer.reached ? str(layer.output) : "", 22)
              << right(std::to_string(layer.parameters), 12) << "\n";
  const nn::ParameterCount count = nn::parameter_count(net);
  const std::string parts = zoo::from_examples(net.name())
                                ? std::string("learnt from examples")
                                : str(count.trained, " trained, ", count.untrained, " untrained");
  std::cout << "\nparameters: " << count.all() << " (" << parts << ")\n";
  if (const io::NotFinite wrong = io::not_finite(net); wrong.values > 0)
    std::cout << "of no use: " << wrong.sentence() << "\n";
  if (!metadata.empty()) std::cout << "\nin the file:\n";
  for (const auto& [key, value] : metadata) std::cout << "  " << left(key, 20) << value << "\n";
}

std::string scales_of(const zoo::About& about) {
  std::string text;
  for (const Index scale : about.scales) text += str(text.empty() ? "" : ", ", scale);
  return text.empty() ? "any" : text;
}

// Markdown: docs/07_models.md shows it.
void print_models() {
  std::cout << "| name | network | paper | scales | parameters | works on |\n|---|---|---|---|---|---|\n";
  for (const zoo::About& about : zoo::about_networks()) {
    const Network net = Network::create({{"model", about.name}});
    const nn::ParameterCount count = nn::parameter_count(net);
    const bool examples = zoo::from_examples(about.name);  // then nothing is trained by a gradient
    const std::string untrained =
        !examples && count.untrained > 0 ? " + " + with_commas(count.untrained) : "";
    const std::string colour = net.channels() == 1 ? "luma" : "RGB";
    const std::string enlarged = net.input_spec().enlarged ? ", enlarged" : "";
    std::cout << "| `" << about.name << "` | " << about.sentence << " | " << about.paper << " | "
              << scales_of(about) << " | " << with_commas(examples ? count.untrained : count.trained)
              << untrained << " | " << colour << enlarged << " |" << std::endl;
  }
}

void print_devices() {
  std::cout << "cpu   " << processor() << "\n";
  const Gpus found = gpus();
  for (const std::string& gpu : found.lines) std::cout << "cuda  " << gpu << "\n";
  if (found.lines.empty()) std::cout << "cuda  none: " << found.why_none << "\n";
#if defined(CRISP_MPI)
  std::cout << "mpi   several processes: mpirun -np N crisp train ...\n";
#else
  std::cout << "mpi   none: this crisp was built without MPI (apt-get install libopenmpi-dev openmpi-bin, "
               "and build again)\n";
#endif
}

// "srcnn, variant 9-1-5, scale 3".
std::string named(const Network& net) {
  std::string name = net.name();
  for (const auto& [key, value] : net.settings())
    if (key == "variant" || key == "scale") name += ", " + key + " " + value;
  return name;
}

void draw(const fs::path& file, const Network& net) {
  use(!zoo::from_examples(net.name()), "--graph: ", net.name(), " has no layers: it is learnt from examples");
  constexpr Index side = 48;  // a multiple of the usual windows
  const nn::NetworkGraph graph =
      nn::network_graph(net, Tensor<float, Cpu>({1, side, side, net.channels()}, 0.5f));
  if (file.has_parent_path()) make_folder(file.parent_path());
  const std::string title = str(named(net), ": ", with_commas(nn::parameter_count(net).all()), " parameters");
  const std::string how = save_drawing(file, graph, title);
  std::cout << file.string() << "  " << graph.ops.size() - 1 << " ops, " << how << "\n";
}

void show(const InfoOptions& o, const Network& net, const std::map<std::string, std::string>& metadata) {
  if (!o.graph.empty()) draw(o.graph, net);
  else if (o.json) print_json(net, metadata);
  else print_table(net, metadata);
}

void run_info(const InfoOptions& o) {
  const bool others = !o.file.empty() || !o.network.model.empty() || o.json || !o.graph.empty();
  use(!o.devices || !(others || o.models), "--devices goes alone");
  use(!o.models || !others, "--models goes alone");
  use(!o.built_in || !(others || o.models || o.devices), "--built-in goes alone");
  if (o.devices) return print_devices();
  if (o.models) return print_models();
  if (o.built_in) return print_built_in();
  use(o.file.empty() != o.network.model.empty(), "give either a weights FILE or --model NAME");
  use(o.network.variant.empty() || o.file.empty(),
      "--variant goes with --model; a file says itself what it holds");
  use(o.key.empty() || !o.file.empty(), "--key goes with a weights FILE");
  use(o.graph.empty() || !o.json, "--graph and --json exclude each other");
  const std::string kind = o.graph.extension().string();
  use(o.graph.empty() || kind == ".svg" || kind == ".dot", "--graph '", o.graph.string(),
      "' must end in .svg or .dot: the name says the format");
  if (!o.file.empty()) {
    const Loaded loaded = load_to_show(o.file, o.key);
    return show(o, *loaded.net, loaded.metadata);
  }
  show(o, o.network.make(), {});
}

}  // namespace

void add_info(Program& program) {
  const auto o = std::make_shared<InfoOptions>();
  Command command =
      program.command("info", "Show the layers, shapes and parameters of a weights file or of a network");
  command.option("FILE", o->file, "weights: a .safetensors, .pth or .pt file, or built-in:NAME");
  add_key(command, o->key);
  o->network.add_to(command);
  command.flag("--json", o->json,
               "print JSON: name, settings, parameters, trained, untrained, not_finite, layers, metadata");
  command.option("--graph", o->graph,
                 "draw the network into this .svg file, by Graphviz where it is found; .dot: for Graphviz");
  command.flag("--models", o->models, "instead: a table of all networks, in Markdown");
  command.flag("--built-in", o->built_in,
               "instead: a table of the networks that come with crisp, in Markdown");
  command.flag("--devices", o->devices, "instead: what --device can be on this machine");
  command.footer("Example: crisp info --model srcnn --variant 9-5-5 --scale 3");
  command.callback([o] { run_info(*o); });
}

}  // namespace crisp::program
