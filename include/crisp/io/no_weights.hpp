// What a file is that holds no weights that crisp reads, and what to do about it, for the message.
#pragma once
#include <string>
#include <vector>

#include "crisp/core/file_kind.hpp"

namespace crisp::io {

/// What to do about a file of this sort that was given as weights.
inline std::string weights_hint(FileKind::Sort sort) {
  if (sort == FileKind::picture) return "was it given in place of the weights?";
  if (sort == FileKind::description) return "give the file with the tensors, not the one that describes it";
  if (sort == FileKind::other)
    return "crisp reads .safetensors, .pth and .pt: get the weights in one of these";
  return hint_for(sort);
}

/// What a zip archive with files of these names is.
inline FileKind kind_of_archive(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (name.ends_with(".npy")) return {"a zip archive of NumPy's arrays (.npz)"};
    if (name.ends_with(".weights.h5")) return {"a zip archive of Keras (.keras)"};
    if (name == "[Content_Types].xml") return {"a zip archive of an office program"};
    if (name.ends_with(".pth") || name.ends_with(".pt") || name.ends_with(".safetensors"))
      return {"a zip archive with '" + name.substr(0, 100) + "' in it", FileKind::packed};
  }
  const std::string first = names.empty() ? "" : " ('" + names[0].substr(0, 100) + "', ...)";
  return {"a zip archive of other files" + first};
}

}  // namespace crisp::io
