// Pairs of files: which low-resolution file belongs to which high-resolution one, by the names that image
// sets have.
#pragma once
#include <map>

#include "crisp/data/folder.hpp"

namespace crisp::data {

/// The names, without their endings, that the LR of an HR file may have at a scale, in the order in which
/// they are looked for: 0801, 0801x2, baby_x2, baby_LRBI_x2, baby_LR for baby_HR, and others.
inline std::vector<std::string> lr_names(std::string hr, Index scale) {
  const std::string x = str("x", scale);
  std::vector<std::string> names{hr};
  for (const std::string end : {"_HR", "-HR", "_GT", "-GT"})
    if (hr.size() > end.size() && hr.ends_with(end)) {
      hr.resize(hr.size() - end.size());
      names.push_back(hr);
      break;
    }
  for (const std::string& end : {x, "_" + x, "-" + x, "_LRBI_" + x, "_LR_" + x, "_LR" + x, "_bicubic_" + x,
                                 str("_LR", scale), std::string("_LR"), std::string("-LR")})
    names.push_back(hr + end);
  return names;
}

/// The LR files among which those of HR files are found.
class LrFiles {
 public:
  explicit LrFiles(const std::vector<std::filesystem::path>& files) {
    for (const std::filesystem::path& file : files) {
      by_name_.emplace(file.filename().string(), file);
      by_stem_[file.stem().string()].push_back(file);
    }
  }

  /// The file that belongs to `hr`: under the same name, or one of lr_names in any format. Throws Error where
  /// there is none, or more than one.
  std::filesystem::path of(const std::filesystem::path& hr, Index scale) const {
    if (const auto same = by_name_.find(hr.filename().string()); same != by_name_.end()) return same->second;
    const std::string stem = hr.stem().string();
    const std::string place = by_name_.empty() ? "" : by_name_.begin()->second.parent_path().string();
    for (const std::string& name : lr_names(stem, scale)) {
      const auto found = by_stem_.find(name);
      if (found == by_stem_.end()) continue;
      check(found->second.size() == 1, "'", place, "' has ", found->second[0].filename(), " and ",
            found->second.back().filename(), " for '", hr.filename().string(), "'; keep one of them");
      return found->second[0];
    }
    throw Error(str("'", place, "' has no picture that belongs to '", hr.filename().string(),
                    "'; looked for ", stem, ", ", stem, "x", scale, ", ", stem, "_x", scale, ", ", stem,
                    "_LRBI_x", scale, " and others"));
  }

 private:
  std::map<std::string, std::filesystem::path> by_name_;
  std::map<std::string, std::vector<std::filesystem::path>> by_stem_;
};

/// The pictures of two folders that belong together, for PatchDataset::add_pairs.
struct PicturePairs {
  std::shared_ptr<const Pictures> lr, hr;
};

/// Each picture of the folder `hr` with its LR in the folder `lr`. Throws Error as folder() and LrFiles do.
/// Memory is for each of the two; where `hr` lies in a cache, `lr` does so too.
inline PicturePairs pairs(const std::filesystem::path& lr, const std::filesystem::path& hr, Index scale,
                          const StoreOptions& o = {}) {
  const std::vector<std::filesystem::path> large = list_images(hr);
  const LrFiles files(list_images(lr));
  std::vector<std::filesystem::path> small;
  for (const std::filesystem::path& file : large) small.push_back(files.of(file, scale));
  const auto targets = stored(large, hr, o);
  StoreOptions of_inputs = o;
  if (targets->memory() == 0) of_inputs.memory = 0;
  return {stored(small, lr, of_inputs), targets};
}

}  // namespace crisp::data
