// crisp export: a network for other programs, as ONNX or as safetensors that PyTorch loads.
#include <iostream>
#include <memory>

#include "common.hpp"
#include "crisp/io/onnx.hpp"
#include "crisp/nn/window_attention.hpp"

namespace crisp::program {

namespace {

struct ExportOptions {
  Architecture network;
  Weights weights;
  fs::path output;
  Index seed = 0;
  std::vector<Index> size{64, 64};
  std::vector<std::string> notes;  // "data=T91"
  bool half = false, quiet = false;
  Computing computing;
};

// The constants that the official SwinIR keeps in its state dict, as its load_state_dict(strict=True) asks
// for them: which distance a pair of pixels has, and the mask of shifted windows for the size that it was
// trained with.
void add_constants(const Network& net, io::SafeTensors& file) {
  const auto number = [&](const char* key) { return std::stol(net.settings().at(key)); };
  const auto variant = net.settings().find("variant");
  const Index M = number("window"), n = M * M, size = variant == net.settings().end() || M == 8 ? 64 : 126;
  std::string distances;
  for (Index i = 0; i < n; ++i)
    for (Index j = 0; j < n; ++j) {
      const Index distance = (i / M - j / M + M - 1) * (2 * M - 1) + i % M - j % M + M - 1;
      for (int byte = 0; byte < 8; ++byte) distances += char(std::uint64_t(distance) >> (8 * byte) & 255);
    }
  const Tensor<float, Cpu> mask = nn::shifted_window_mask<float, Cpu>(size, size, M, M / 2);
  std::vector<std::string> blocks;
  for (const auto& [name, tensor] : file.tensors)
    if (name.ends_with(".norm1.weight")) blocks.push_back(name.substr(0, name.size() - 12));
  for (const std::string& block : blocks) {
    file.tensors[block + "attn.relative_position_index"] = {"I64", {n, n}, distances};
    if (block[block.size() - 2] % 2)
      // Every second one is shifted.
      file.tensors[block + "attn_mask"] = io::HostTensor::of(mask.shape(), mask.to_host());
  }
}

void write_safetensors(const fs::path& path, const Network& net, std::map<std::string, std::string> about,
                       bool half) {
  about.insert({{"format", "pt"}, {"producer", "crisp"}});
  io::SafeTensors file{about, {}};
  io::detail::add_weights(net, "", file);
  if (half)
    for (auto& [name, tensor] : file.tensors) tensor = tensor.to_half();
  if (net.name().starts_with("swinir")) add_constants(net, file);
  io::write_safetensors(path, file);
}

Loaded network_of(const ExportOptions& o) {
  if (o.network.model.empty()) return o.weights.load(o.network.scale);
  seed(std::uint64_t(o.seed));
  return {std::make_shared<Network>(o.network.make()), {}, true};
}

void run_export(const ExportOptions& o) {
  use(o.weights.given() + int(!o.network.model.empty()) == 1,
      "give one of --weights FILE, --interpolate A B PART and --model NAME");
  use(o.weights.key.empty() || o.network.model.empty(), "--key goes with --weights FILE");
  const std::string kind = o.output.extension().string();
  use(kind == ".onnx" || kind == ".safetensors", "OUTPUT '", o.output.string(),
      "' must end in .onnx or .safetensors: the name says the format");
  use(!o.half || kind == ".safetensors", "--half goes with an OUTPUT that ends in .safetensors");
  o.computing.apply();
  const Loaded loaded = network_of(o);
  try_out(*loaded.net);
  std::map<std::string, std::string> about = loaded.net->settings();
  if (!loaded.knows_scale && loaded.net->input_spec().enlarged) about.erase("scale");  // as open as it was
  for (const std::string& note : o.notes)
    about[note.substr(0, note.find('='))] = note.substr(note.find('=') + 1);
  if (o.output.has_parent_path()) make_folder(o.output.parent_path());
  if (kind == ".safetensors") {
    write_safetensors(o.output, *loaded.net, about, o.half);
    const Index count = nn::parameter_count(*loaded.net).all();
    if (!o.quiet)
      std::cout << o.output.string() << "  " << count << " numbers in PyTorch's names and layout\n";
    return;
  }
  const Index channels = loaded.net->channels();
  const io::OnnxResult result =
      io::export_onnx(o.output, *loaded.net, channels, {.height = o.size[0], .width = o.size[1]}, about);
  if (o.quiet) return;
  std::cout << o.output.string() << "  input ";
  if (result.any_size) {
    std::cout << "(N, " << channels << ", H, W) of any size\n";
  } else {
    std::cout << Shape{1, channels, o.size[0], o.size[1]} << " -> " << result.output
              << "; this network is exported for one size, see --size\n";
  }
}

}  // namespace

void add_export(Program& program) {
  const auto o = std::make_shared<ExportOptions>();
  Command command =
      program.command("export", "Write a network for other programs: ONNX, or safetensors for PyTorch");
  o->weights.add_to(command);
  o->network.add_to(command);
  command.option("--seed", o->seed, "of the weights of a new network, with --model")
      .range(Index(0), std::numeric_limits<Index>::max())
      .shows_default();
  command.option("OUTPUT", o->output, "a file that ends in .onnx or .safetensors").required();
  command
      .option("--size", o->size,
              "height and width of the input, for networks that ONNX can only hold for one size (SwinIR)")
      .values(2)
      .range(1, 65536)
      .shows_default();
  command
      .option("--note", o->notes,
              "text that the file keeps about the network, such as data=T91 (crisp info shows it)")
      .pairs();
  command.flag("--half", o->half, "half the memory: float16 instead of float32, in .safetensors");
  command.flag("--quiet", o->quiet, "print nothing but errors");
  o->computing.add_to(command);
  command.footer(
      "The ONNX input is (N, C, H, W) in 0..1: luma or RGB, enlarged by bicubic first where the network "
      "works on that (see crisp info).\n"
      "Example: crisp export --weights edsr.pth edsr.onnx");
  command.callback([o] { run_export(*o); });
}

}  // namespace crisp::program
