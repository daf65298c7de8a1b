// What the commands share; see common.hpp.
#include "common.hpp"

#include <cmath>
#include <iostream>

#include "built_in.hpp"
#include "crisp/core/text.hpp"
#include "crisp/infer/apply.hpp"
#include "crisp/io/weights.hpp"
#include "device.hpp"

namespace crisp::program {

void Computing::add_to(Command& command) {
  command.option("--threads", threads, "threads that compute (default: all that the machine has)")
      .range(1, 1024);
  command
      .option("--device", device,
              "cpu, or cuda for an NVIDIA GPU (default: cuda where there is one that can be used, as it is "
              "many times faster; see crisp info --devices)")
      .one_of({"cpu", "cuda"});
  command
      .option("--precision", precision,
              "what the GPU computes with: fp32 exactly; tf32 rounds the factors of products to 11 bits, for "
              "its tensor cores; bf16 keeps all values in half the memory, with 8 bits of precision. Sums "
              "and weights stay float32")
      .one_of({"fp32", "tf32", "bf16"})
      .shows_default();
}

std::string Computing::chosen() const {
  if (!device.empty()) return device;
  return gpus().lines.empty() ? "cpu" : "cuda";
}

void Computing::apply() const {
  const std::string why_none = device == "cuda" ? gpus().why_none : "";
  check(why_none.empty(), "--device cuda: ", why_none, "; --device cpu needs no GPU");
  use(precision == "fp32" || chosen() == "cuda", "--precision ", precision,
      " is for the GPU; the CPU computes in fp32: leave it out, or give --device cuda");
  if (threads > 0) set_threads(threads);
  set_precision(precision);
}

void Architecture::add_to(Command& command) {
  std::string names;
  for (const std::string& name : zoo::model_names()) names += (names.empty() ? "" : ", ") + name;
  command.option("--model", model, "the network: " + names);
  command.option(
      "--variant", variant,
      "of srcnn: 9-1-5 (default), 9-3-5, 9-5-5; of swinir: classical (default), real, denoise, jpeg");
  command.option("--scale", scale, "enlargement factor, a whole number; 1 for networks that restore")
      .range(1, 8);
  command
      .option("--set", set,
              "another size of the network, such as features=32 blocks=5 (crisp info shows the names)")
      .pairs();
}

Network Architecture::make() const {
  zoo::Settings settings{{"model", model}};
  if (scale > 0) settings["scale"] = std::to_string(scale);
  if (!variant.empty()) settings["variant"] = variant;
  for (const std::string& one : set) {
    const std::size_t equal = one.find('=');
    settings[one.substr(0, equal)] = one.substr(equal + 1);
  }
  try {
    Network net = Network::create(settings);
    for (const auto& [key, value] : settings) {
      std::string known;
      for (const auto& [name, unused] : net.settings()) known += " " + name;
      use(net.settings().count(key) > 0, model, " has no setting '", key, "'; it has", known);
    }
    return net;
  } catch (const WrongUse&) {
    throw;
  } catch (const Error& e) {
    throw WrongUse(e.what());
  }
}

void add_key(Command& command, std::string& key) {
  command.option(
      "--key", key,
      "which weights, where a file holds several: the name of their dictionary, such as params_ema "
      "or nets.generator, or the beginning of their names");
}

zoo::WeightsFile read_weights(const std::string& option, const fs::path& file, const std::string& key) {
  if (is_built_in(file)) return open_built_in(file);
  require_file(option, file);
  return zoo::open_weights(file, key);
}

Loaded load_to_show(const fs::path& file, const std::string& key) {
  const zoo::WeightsFile weights = read_weights("--weights", file, key);
  const auto net = std::make_shared<Network>(zoo::load_any<float, Cpu>(weights));
  return {net, weights.content.metadata, weights.knows_scale};
}

namespace {

// Whether the network works at one of several scales, and neither the file nor its shapes say at which.
bool scale_is_open(const zoo::WeightsFile& weights) {
  if (weights.knows_scale) return false;
  std::size_t scales = 0;
  for (const zoo::About& about : zoo::about_networks())
    if (about.name == weights.settings.at("model")) scales = about.scales.size();
  return scales > 1;
}

}  // namespace

Loaded load_network(const fs::path& file, const std::string& key, Index scale) {
  zoo::WeightsFile weights = read_weights("--weights", file, key);
  const bool chosen = scale > 0 && zoo::one_for_all_scales(weights.settings.at("model"));
  if (chosen || scale_is_open(weights)) {
    use(scale > 0, "'", file.string(),
        "' does not say which scale it works at; give --scale N, or write a file "
        "that says it by crisp export --scale N");
    weights.settings["scale"] = std::to_string(scale);
    weights.knows_scale = true;
  }
  const auto net = std::make_shared<Network>(zoo::load_any<float, Cpu>(weights));
  io::check_finite(file, *net);
  return {net, weights.content.metadata, weights.knows_scale};
}

void try_out(const Network& net) {
  constexpr Index side = 16;
  infer::apply(net, data::Image(side, side, net.channels(), 128));
}

void Weights::add_to(Command& command) {
  command.option("--weights", file, "the network: a .safetensors, .pth or .pt file, or built-in:NAME");
  command
      .option("--interpolate", interpolate,
              "instead: A B PART, (1 - PART) of the weights A and PART of B, two of one network")
      .values(3);
  add_key(command, key);
}

namespace {

Loaded interpolated(const std::vector<std::string>& given, const std::string& key, Index scale) {
  const double part = number_of(given[2]).value_or(-1);
  use(part >= 0 && part <= 1, "--interpolate: the part must be a number from 0 to 1, not '", given[2], "'");
  Loaded a = load_network(given[0], key, scale);
  const Loaded b = load_network(given[1], key, scale);
  for (const auto& [key, value] : a.net->settings()) {
    const auto found = b.net->settings().find(key);
    const std::string other = found == b.net->settings().end() ? "missing" : found->second;
    check(other == value, "--interpolate: '", given[0], "' and '", given[1], "' are not one network: '", key,
          "' is ", value, " in the first, ", other, " in the second");
  }
  std::map<std::string, Tensor<float, Cpu>> of_b;
  b.net->each_param([&](const std::string& name, const auto& p) { of_b.emplace(name, p.value()); });
  a.net->each_param([&](const std::string& name, auto& p) {
    const std::vector<float> x = p.value().to_host(), y = of_b.at(name).to_host();
    std::vector<float> mixed(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      mixed[i] = float((1 - part) * double(x[i]) + part * double(y[i]));
    p.value().copy_(Tensor<float, Cpu>(p.shape(), mixed));
  });
  return a;
}

}  // namespace

Loaded Weights::load(Index scale) const {
  return interpolate.empty() ? load_network(file, key, scale) : interpolated(interpolate, key, scale);
}

Index choose_scale(const Loaded& loaded, const fs::path& file, Index asked) {
  const bool fixed = !loaded.net->input_spec().enlarged;
  if (!loaded.knows_scale && !fixed) {
    use(asked != 0, "'", file.string(),
        "' does not say which scale it was trained for; give --scale N, such as --scale 3");
    return asked;
  }
  const Index trained = loaded.net->scale();
  use(asked == 0 || asked == trained || !fixed, "'", file.string(), "' enlarges by ", trained,
      ", and cannot by ", asked);
  if (asked != 0 && asked != trained)
    std::cerr << "crisp: warning: '" << file.string() << "' was trained for x" << trained
              << ", and is used for x" << asked << "\n";
  return asked != 0 ? asked : trained;
}

namespace {

// What lies under the name that the option was given.
fs::file_type type_of(const std::string& option, const fs::path& path) {
  std::error_code error;
  const fs::file_type type = fs::status(path, error).type();
  use(type != fs::file_type::not_found, option, " '", path.string(), "' does not exist");
  use(type != fs::file_type::none, option, " '", path.string(), "' cannot be read: ", error.message());
  return type;
}

}  // namespace

void require_file(const std::string& option, const fs::path& file) {
  use(type_of(option, file) == fs::file_type::regular, option, " '", file.string(), "' is not a file");
}

void require_weights(const std::string& option, const fs::path& file) {
  if (is_built_in(file)) open_built_in(file);
  else require_file(option, file);
}

void require_folder(const std::string& option, const fs::path& folder) {
  use(type_of(option, folder) == fs::file_type::directory, option, " '", folder.string(),
      "' is not a folder");
}

void make_folder(const fs::path& folder) {
  std::error_code error, unknown;
  fs::create_directories(folder, error);
  check(fs::is_directory(folder, unknown), "the folder '", folder.string(),
        "' cannot be made: ", error.message());
}

void write_whole(const fs::path& file, const std::string& text) { write_file("write", file, text); }

Index bytes_of(const std::string& option, const std::string& text) {
  const std::map<char, double> factors{{'K', 1024.0}, {'M', 1048576.0}, {'G', 1073741824.0}};
  const auto unit = text.empty() ? factors.end() : factors.find(text.back());
  const bool has_unit = unit != factors.end();
  const double value = number_of(has_unit ? text.substr(0, text.size() - 1) : text).value_or(0);
  const double bytes = has_unit ? value * unit->second : value;
  use(value > 0 && bytes < 1e15, option, " takes bytes, such as 500M or 2G, not '", text, "'");
  return Index(bytes);
}

std::string with_commas(Index number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ",";
    text += digits[i];
  }
  return text;
}

std::string left(const std::string& text, std::size_t width) {
  return text.size() < width ? text + std::string(width - text.size(), ' ') : text + " ";
}
std::string right(const std::string& text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : " " + text;
}

}  // namespace crisp::program
