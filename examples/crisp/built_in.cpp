// See built_in.hpp.
#include "built_in.hpp"

#include <algorithm>
#include <iostream>
#include <tuple>

namespace crisp::program {

namespace {

const std::string built_in_prefix = "built-in:";

BuiltIn described(const EmbeddedFile& file) {
  const io::SafeTensors content = io::parse_safetensors(std::string(file.bytes), built_in_prefix + file.name);
  BuiltIn b{.name = file.name,
            .scale = std::stol(content.metadata.at("scale")),
            .channels = std::stol(content.metadata.at("channels")),
            .bytes = Index(file.bytes.size()),
            .metadata = content.metadata};
  for (const auto& [name, tensor] : content.tensors) b.parameters += tensor.shape.numel();
  return b;
}

// "luma-x2, luma-x3"
std::string names_of(const std::vector<BuiltIn>& networks) {
  std::string text;
  for (const BuiltIn& b : networks) text += (text.empty() ? "" : ", ") + b.name;
  return text;
}

std::string what_it_does(const BuiltIn& b) {
  const std::string colour = b.channels == 1 ? "luma" : "RGB";
  return b.scale == 1 ? str(colour, ", takes JPEG's blocks off") : str(colour, ", x", b.scale);
}

}  // namespace

std::string BuiltIn::said(const std::string& key) const {
  const auto found = metadata.find(key);
  return found == metadata.end() ? "-" : found->second;
}

std::vector<BuiltIn> built_in_networks() {
  std::vector<BuiltIn> all;
  for (const EmbeddedFile& file : embedded_weights()) all.push_back(described(file));
  const auto place = [](const BuiltIn& b) { return std::tuple(b.scale == 1, b.scale, b.channels); };
  std::stable_sort(all.begin(), all.end(),  // those that enlarge first
                   [&](const BuiltIn& a, const BuiltIn& b) { return place(a) < place(b); });
  return all;
}

bool is_built_in(const fs::path& given) { return given.string().starts_with(built_in_prefix); }

zoo::WeightsFile open_built_in(const fs::path& given) {
  const std::string name = given.string().substr(built_in_prefix.size());
  for (const EmbeddedFile& file : embedded_weights())
    if (file.name == name) return zoo::parse_weights(std::string(file.bytes), given);
  throw WrongUse(
      str("there is no built-in network '", name, "'; there are: ", names_of(built_in_networks())));
}

fs::path built_in_for(Index scale) {
  std::string scales;
  for (const BuiltIn& b : built_in_networks()) {
    if (b.channels != 1) continue;
    if (b.scale == scale) return built_in_prefix + b.name;
    scales += str(scales.empty() ? "" : ", ", b.scale);
  }
  const std::string offered =
      str("the built-in networks are for --scale ", scales, " (1: JPEG's blocks off)");
  use(scale > 0, "give --scale N: ", offered, "; or another network by --weights FILE");
  throw WrongUse(str("there is no built-in network that enlarges by ", scale, ": ", offered,
                     "; give another one by --weights FILE"));
}

std::vector<std::string> with_built_in(const std::vector<std::string>& given,
                                       const std::vector<Index>& scales) {
  std::vector<std::string> all;
  for (const std::string& one : given) {
    if (one != "built-in") {
      all.push_back(one);
      continue;
    }
    for (const BuiltIn& b : built_in_networks())
      if (scales.empty() || std::find(scales.begin(), scales.end(), b.scale) != scales.end())
        all.push_back(built_in_prefix + b.name);
  }
  return all;
}

std::string about_built_in(const fs::path& given) {
  std::string text;
  for (const BuiltIn& b : built_in_networks())
    if (built_in_prefix + b.name == given.string())
      text = str(b.said("model"), ", ", with_commas(b.parameters), " parameters, ", b.said("set5"),
                 " dB on Set5 (", b.scale == 1 ? "the JPEG" : "bicubic", " ", b.said("set5_before"), ")");
  return text;
}

void print_built_in() {
  std::cout << "| --weights | network | works on | parameters | bytes | Set5, dB | B100, dB | learnt from |\n"
            << "|---|---|---|---|---|---|---|---|\n";
  for (const BuiltIn& b : built_in_networks())
    std::cout << "| `" << built_in_prefix << b.name << "` | " << b.said("model") << ", " << b.said("blocks")
              << " blocks of " << b.said("features") << " | " << what_it_does(b) << " | "
              << with_commas(b.parameters) << " | " << with_commas(b.bytes) << " | " << b.said("set5") << " ("
              << b.said("set5_before") << ") | " << b.said("b100") << " (" << b.said("b100_before") << ") | "
              << b.said("data") << " |\n";
  std::cout
      << "\nIn brackets: bicubic, or the JPEG itself. crisp info built-in:NAME shows all that a file says.\n";
}

}  // namespace crisp::program
