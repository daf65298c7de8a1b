// What the commands share; see common.hpp.
#include "common.hpp"

#include <cmath>
#include <cstdio>
#include <iostream>

#include "crisp/data/image_io.hpp"
#include "crisp/train/checkpoint.hpp"

namespace crisp::program {

void Computing::add_to(CLI::App& command) {
  command.add_option("--threads", threads, "threads that compute (default: all that the machine has)")->check(CLI::Range(1, 1024));
  command.add_option("--device", device, "cpu or cuda")->check(CLI::IsMember({"cpu", "cuda"}))->capture_default_str();
}

void Computing::apply() const {
  use(device == "cpu", "--device cuda: this crisp was built without CUDA; use --device cpu");
  if (threads > 0) set_threads(threads);
}

Network make_network(const std::string& model, const std::string& variant, Index scale) {
  models::Settings settings{{"model", model}, {"scale", std::to_string(scale)}};
  if (!variant.empty()) settings["variant"] = variant;
  try {
    return Network::create(settings);
  } catch (const Error& e) {
    throw WrongUse(e.what());
  }
}

Loaded load_network(const fs::path& file) {
  require_file("--weights", file);
  const train::SafeTensors content = train::read_safetensors(file);
  models::Settings settings;
  if (content.metadata.count("model")) {
    settings = content.metadata;
  } else {
    std::map<std::string, Shape> shapes;
    for (const auto& [name, tensor] : content.tensors) shapes.emplace(name, tensor.shape);
    try {
      settings = models::recognise(shapes);
    } catch (const Error& e) {
      throw Error(str("'", file.string(), "': ", e.what()));
    }
  }
  models::Settings described;  // of all metadata, what says which network it is
  for (const char* key : {"model", "variant", "channels", "scale"})
    if (settings.count(key)) described[key] = settings[key];
  Loaded loaded{Network::create(described), content.metadata};
  train::load(file, loaded.net);
  return loaded;
}

Index choose_scale(const Loaded& loaded, const fs::path& file, Index asked) {
  const auto found = loaded.metadata.find("scale");
  if (found == loaded.metadata.end()) {
    use(asked != 0, "'", file.string(), "' does not say which scale it was trained for; give --scale N, such as --scale 3");
    return asked;
  }
  const Index trained = loaded.net.scale();
  if (asked != 0 && asked != trained) std::cerr << "crisp: warning: '" << file.string() << "' was trained for x" << trained << ", and is used for x" << asked << "\n";
  return asked != 0 ? asked : trained;
}

void require_file(const std::string& option, const fs::path& file) {
  std::error_code error;
  use(fs::exists(file, error), option, " '", file.string(), "' does not exist");
  use(fs::is_regular_file(file, error), option, " '", file.string(), "' is not a file");
}

void require_folder(const std::string& option, const fs::path& folder) {
  std::error_code error;
  use(fs::exists(folder, error), option, " '", folder.string(), "' does not exist");
  use(fs::is_directory(folder, error), option, " '", folder.string(), "' is not a folder");
}

std::vector<fs::path> images_in(const std::string& option, const fs::path& folder) {
  require_folder(option, folder);
  try {
    return data::list_images(folder);
  } catch (const Error& e) {
    throw WrongUse(str(option, ": ", e.what()));
  }
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  check(fs::is_directory(folder, error), "the folder '", folder.string(), "' cannot be made");
}

void write_whole(const fs::path& file, const std::string& text) { write_file("write", file, text); }

std::string fixed(double value, int digits) {
  if (!std::isfinite(value)) return value > 0 ? "inf" : "nan";
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string left(const std::string& text, std::size_t width) { return text.size() < width ? text + std::string(width - text.size(), ' ') : text + " "; }
std::string right(const std::string& text, std::size_t width) { return text.size() < width ? std::string(width - text.size(), ' ') + text : " " + text; }

}  // namespace crisp::program
