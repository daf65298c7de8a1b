// The pictures of a study of opinions: folders of results, one a method, paired by file name; and the order
// of showing them.
#pragma once
#include <string>
#include <vector>

#include "common.hpp"

namespace crisp::program {

struct Stimulus {
  std::string id;  // opaque: all that a rater's browser is told
  std::string method, picture;
  fs::path file;
};

/// Every picture of every folder. A method is called as its folder is, `original` (if it is not empty) is the
/// method "original". Throws WrongUse where the folders do not hold pictures of the same names and sizes.
std::vector<Stimulus> stimuli(const std::vector<fs::path>& folders, const fs::path& original);

/// In which order this rater is shown all of them: random, the same for the same seed and rater; as far as
/// swapping with later ones allows, no picture comes twice in a row (ITU-R BT.500).
std::vector<const Stimulus*> shuffled(const std::vector<Stimulus>& stimuli, std::uint64_t seed,
                                      const std::string& rater);

}  // namespace crisp::program
