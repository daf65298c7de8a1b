// The names and shapes of the tensors in a file, and questions about them: what networks are recognised by.
#pragma once
#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "crisp/core/shape.hpp"

namespace crisp::zoo {

/// Names and PyTorch shapes (O, C, kH, kW) of the tensors in a file.
using Shapes = std::map<std::string, Shape>;

/// The parts of "body.0.conv1.weight" between the points; at least one.
inline std::vector<std::string> split_name(const std::string& name) {
  std::vector<std::string> parts;
  std::istringstream text(name);
  for (std::string part; std::getline(text, part, '.');) parts.push_back(part);
  if (parts.empty()) parts.push_back("");
  return parts;
}

/// The parts from the given one on, with points between them.
inline std::string join_name(const std::vector<std::string>& parts, std::size_t from = 0) {
  std::string text;
  for (std::size_t i = from; i < parts.size(); ++i) text += (i > from ? "." : "") + parts[i];
  return text;
}

/// A whole number of at most six digits.
inline bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string::npos;
}

/// Whether the file has a tensor of this name.
inline bool has(const Shapes& file, const std::string& name) { return file.count(name) > 0; }

/// The extent of a tensor along an axis; 0 where the file has no such tensor or axis.
inline Index extent(const Shapes& file, const std::string& name, int axis) {
  const auto found = file.find(name);
  if (found == file.end() || axis >= found->second.rank()) return 0;
  return found->second[axis];
}

/// How many children 0, 1, ... the prefix has: 16 for "body." of EDSR.
inline Index children(const Shapes& file, const std::string& prefix) {
  std::set<std::string> found;
  for (const auto& [name, shape] : file)
    if (name.starts_with(prefix)) found.insert(split_name(name.substr(prefix.size())).at(0));
  return Index(std::count_if(found.begin(), found.end(), is_number));
}

/// The square root, rounded down: 3 for the 9 pixels that a pixel shuffle of 3 makes of one.
inline Index square_root(Index n) {
  Index root = std::max<Index>(1, Index(std::sqrt(double(n))));
  while (root > 1 && root * root > n) --root;
  return root;
}

/// By how much an nn::Upsampler under the name "upsample" enlarges; 1 where there is none.
inline Index upsampler_scale(const Shapes& file) {
  const Index steps = children(file, "upsample.");
  if (steps == 2) return 4;
  if (steps == 3) return 8;
  const Index features = extent(file, "upsample.0.weight", 1);
  return features > 0 ? square_root(extent(file, "upsample.0.weight", 0) / features) : 1;
}

}  // namespace crisp::zoo
