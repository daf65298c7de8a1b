// The networks that come with the program: weights/NAME.safetensors, in the executable. Each file says itself
// what it is, what it learnt from, and what it reaches.
#pragma once
#include <string>
#include <vector>

#include "common.hpp"
#include "embed.hpp"

namespace crisp::program {

/// What is known of a built-in network without making it.
struct BuiltIn {
  std::string name;  // "luma-x2"
  Index scale = 1;   // 1: it restores
  Index channels = 1;
  Index parameters = 0, bytes = 0;
  std::map<std::string, std::string> metadata;  // settings, data, command, figures

  /// What the file says under this key, such as "set5" or "data"; a dash where it says nothing.
  std::string said(const std::string& key) const;
};

/// All, by scale; at each scale luma before colour.
std::vector<BuiltIn> built_in_networks();

/// Whether --weights names one: "built-in:luma-x2".
bool is_built_in(const fs::path& given);

/// The weights of "built-in:NAME". Throws WrongUse where there is none of this name.
zoo::WeightsFile open_built_in(const fs::path& given);

/// The network that serves all pictures at this scale, as open_built_in takes it: the one on luma. Throws
/// WrongUse where there is none.
fs::path built_in_for(Index scale);

/// The list with the word "built-in" replaced by all of them; where scales are given, by those of these
/// scales.
std::vector<std::string> with_built_in(const std::vector<std::string>& given,
                                       const std::vector<Index>& scales = {});

/// "edsr-small, 103,265 parameters, 37.31 dB on Set5 (bicubic 33.64)" of "built-in:luma-x2".
std::string about_built_in(const fs::path& given);

/// The table of them, in Markdown: docs/figures.md shows it.
void print_built_in();

}  // namespace crisp::program
