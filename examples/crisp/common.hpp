// What the commands of the crisp program share: exit statuses, options that appear in several, small checks.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "crisp/backend/cpu.hpp"
#include "crisp/core/finite.hpp"
#include "crisp/report/text.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/known.hpp"
#include "crisp/zoo/weights_file.hpp"
#include "options.hpp"

// In networks.cpp.
extern template class crisp::zoo::AnyModel<float, crisp::Cpu>;
extern template const std::vector<crisp::zoo::KnownNetwork>& crisp::zoo::known_networks<void>();

namespace crisp::program {

using Network = zoo::AnyModel<float, Cpu>;  // running.hpp takes it to the device that computes

// Each command adds itself to the program; its callback does the work.
void add_train(Program& program);
void add_upscale(Program& program);
void add_evaluate(Program& program);
void add_info(Program& program);
void add_forward(Program& program);
void add_export(Program& program);
void add_serve(Program& program);
void add_mos(Program& program);
void add_data(Program& program);
void add_table(Program& program);
void add_look(Program& program);

/// --threads, --device and --precision, the same for every command that computes.
struct Computing {
  int threads = 0;
  std::string device;              // empty: see chosen()
  std::string precision = "fp32";  // of the GPU; weights are float32 in all
  void add_to(Command& command);
  void apply()
      const;  // throws Error for a device that is not there, or cannot do so; to be called before any work
  std::string chosen() const;  // "cpu" or "cuda": what was asked for, else cuda where it can be used
};

/// --model, --variant, --scale and --set: which network.
struct Architecture {
  std::string model, variant;
  Index scale = 0;               // 0: that of the paper
  std::vector<std::string> set;  // "features=32"
  void add_to(Command& command);
  /// A new network. Throws WrongUse for names and settings that crisp does not know.
  Network make() const;
};

/// A network from a weights file, and what its metadata says. What runs the network shares it.
struct Loaded {
  std::shared_ptr<Network> net;
  std::map<std::string, std::string> metadata;
  bool knows_scale = false;  // whether the file says, or implies, the scale
};

/// --key NAME: which weights of a file are meant, where it holds several. The same for every command that
/// reads weights.
void add_key(Command& command, std::string& key);

/// The weights in the file that the option names, or the built-in ones (built_in.hpp). Throws WrongUse where
/// they are missing, Error where the file holds none, or several and no key says which.
zoo::WeightsFile read_weights(const std::string& option, const fs::path& file, const std::string& key);

/// A network that may be used. `scale` is the one asked for, 0 for none: it counts where a network works at
/// one scale and its file does not say which, as FSRCNN's, or serves several, as MS-LapSRN's. Throws WrongUse
/// where the file is missing, or where such a scale is, Error where it holds no network that crisp knows, or
/// weights that are NaN or infinite.
Loaded load_network(const fs::path& file, const std::string& key, Index scale = 0);

/// The same, to look at: its weights may be of no use.
Loaded load_to_show(const fs::path& file, const std::string& key);

/// Runs the network on a small gray picture. Throws Error where the result is not finite: its weights are too
/// large. For commands that would see that late.
void try_out(const Network& net);

/// --weights FILE, or --interpolate A B PART: (1 - PART) A + PART B, two files of one network (Wang et al.
/// 2018, ESRGAN, eq. 4). --key is for all of them.
struct Weights {
  fs::path file;
  std::string key;
  std::vector<std::string> interpolate;
  void add_to(Command& command);
  int given() const { return int(!file.empty()) + int(!interpolate.empty()); }  // of the two: 1 is right
  fs::path named() const { return interpolate.empty() ? file : fs::path(interpolate[0]); }
  /// Throws WrongUse or Error where a file is missing or damaged, or where the two do not fit together.
  Loaded load(Index scale = 0) const;
};

/// The scale to work at: the one asked for (0: none was), else that of the file. Warns where the two differ,
/// and throws WrongUse where neither is there.
Index choose_scale(const Loaded& loaded, const fs::path& file, Index asked);

void require_file(const std::string& option, const fs::path& file);
void require_weights(const std::string& option, const fs::path& file);  // a file, or built-in ones
void require_folder(const std::string& option, const fs::path& folder);

/// Makes the folder, with its parents; throws Error where that is not possible.
void make_folder(const fs::path& folder);

/// Writes the text to a file beside it, and renames that: the file is whole or not there. Throws Error.
void write_whole(const fs::path& file, const std::string& text);

/// "500M", "2G", "1000000" in bytes. Throws WrongUse, with the option's name, for anything else.
Index bytes_of(const std::string& option, const std::string& text);

using report::fixed;

/// 1369859 as "1,369,859".
std::string with_commas(Index number);

/// The text, with spaces added at its end (left) or its beginning (right) to make it `width` wide.
std::string left(const std::string& text, std::size_t width);
std::string right(const std::string& text, std::size_t width);

}  // namespace crisp::program
