// Recognising a network by the names and shapes of its weights, and the names that other programs give to the same weights.
#pragma once
#include <optional>
#include <set>
#include <sstream>

#include "crisp/core/shape.hpp"
#include "crisp/zoo/settings.hpp"

namespace crisp::zoo {

/// Names and PyTorch shapes (O, C, kH, kW) of the tensors in a file.
using Shapes = std::map<std::string, Shape>;

namespace detail {

// The parts of "body.0.conv1.weight" between the points.
inline std::vector<std::string> parts(const std::string& name) {
  std::vector<std::string> list;
  std::istringstream text(name);
  for (std::string part; std::getline(text, part, '.');) list.push_back(part);
  if (list.empty()) list.push_back("");
  return list;
}
inline bool is_number(const std::string& s) { return !s.empty() && s.size() < 7 && s.find_first_not_of("0123456789") == std::string::npos; }
inline std::string joined(const std::vector<std::string>& list, std::size_t from = 0) {
  std::string text;
  for (std::size_t i = from; i < list.size(); ++i) text += (i > from ? "." : "") + list[i];
  return text;
}

// How many children 0, 1, ... the prefix has: 16 for "body." of EDSR.
inline Index children(const Shapes& shapes, const std::string& prefix) {
  std::set<std::string> found;
  for (const auto& [name, shape] : shapes)
    if (name.starts_with(prefix)) found.insert(parts(name.substr(prefix.size())).at(0));
  return Index(std::count_if(found.begin(), found.end(), is_number));
}

// "block2.conv1.weight" of a generator that counts its stages from block1 on: the stage, or 0.
inline Index stage(const std::string& first) { return first.starts_with("block") && is_number(first.substr(5)) ? std::stol(first.substr(5)) : 0; }

inline Index last_stage(const Shapes& shapes) {
  Index last = 0;
  for (const auto& [name, shape] : shapes) last = std::max(last, stage(parts(name).at(0)));
  return last;
}

// SRGAN's generator: block1 is the first convolution, the last stage enlarges, and the one before ends the body.
inline std::string generator_name(const std::vector<std::string>& p, Index last, Index ups) {
  const Index s = stage(p[0]);
  if (s == 1) return (p[1] == "0" ? "conv_first." : "prelu_first.") + joined(p, 2);
  if (s < last - 1) return "body." + std::to_string(s - 2) + "." + joined(p, 1);
  if (s == last - 1) return (p[1] == "0" ? "conv_after_body." : "prelu_after_body.") + joined(p, 2);
  if (is_number(p[1]) && std::stol(p[1]) == ups) return "conv_last." + joined(p, 2);
  return p[2] == "conv" ? "upsample." + std::to_string(2 * (is_number(p[1]) ? std::stol(p[1]) : 0)) + "." + joined(p, 3) : "prelu_up." + p[1] + "." + joined(p, 3);
}

inline std::string edsr_name(const std::vector<std::string>& p, bool direct) {
  if (p.size() < 3) return joined(p);
  if (p[0] == "head") return "conv_first." + joined(p, 2);
  if (p[0] == "tail" && direct) return "upsample.0." + joined(p, 2);
  if (p[0] == "tail") return p[1] == "0" ? "upsample." + joined(p, 2) : "conv_last." + joined(p, 2);
  if (p[0] == "body" && p.size() == 3) return "conv_after_body." + p[2];
  if (p[0] == "body" && p.size() == 5 && p[2] == "body") return "body." + p[1] + (p[3] == "0" ? ".conv1." : ".conv2.") + p[4];
  return joined(p);
}

}  // namespace detail

/// crisp's name for each tensor of a file, "" for one that is no weight but follows from the architecture: counters, masks, mean
/// colours. Knows the official EDSR (head, body.0.body.0, tail) beside BasicSR's, the older MSRResNet's (recon_trunk, HRconv), and
/// a well-known SRGAN's (block1 to block8).
inline std::map<std::string, std::string> canonical_names(const Shapes& shapes) {
  std::map<std::string, std::string> names;
  const Index last = detail::last_stage(shapes);
  const Index ups = last > 0 ? detail::children(shapes, "block" + std::to_string(last) + ".") - 1 : 0;
  const bool edsr = shapes.count("head.0.weight") > 0, direct = shapes.count("tail.0.weight") > 0;
  for (const auto& [name, shape] : shapes) {
    const std::vector<std::string> p = detail::parts(name);
    const std::string end = p.empty() ? "" : p.back();
    std::string& to = names[name];
    if (end == "num_batches_tracked" || end == "attn_mask" || end == "relative_position_index" || name.starts_with("sub_mean.") || name.starts_with("add_mean.")) continue;
    to = name;
    if (edsr) to = detail::edsr_name(p, direct);
    else if (last > 3 && detail::stage(p[0]) > 0 && p.size() >= 3) to = detail::generator_name(p, last, ups);
    else if (p[0] == "recon_trunk") to = "body." + detail::joined(p, 1);
    else if (p[0] == "HRconv") to = "conv_hr." + detail::joined(p, 1);
  }
  return names;
}

/// The settings of the network that holds tensors of these canonical names and PyTorch shapes, for files that do not say what
/// they are. The scale is not known where the weights do not depend on it. Throws Error where nothing fits.
inline Settings recognise(const Shapes& shapes) {
  using detail::children;
  const auto has = [&](const std::string& name) { return shapes.count(name) > 0; };
  const auto extent = [&](const std::string& name, int axis) -> Index {
    const auto found = shapes.find(name);
    return found == shapes.end() || axis >= found->second.rank() ? 0 : found->second[axis];
  };
  const auto text = [](Index n) { return std::to_string(n); };
  const auto root = [](Index n) { Index r = 1; while ((r + 1) * (r + 1) <= n) ++r; return r; };
  const Index f1 = extent("conv1.weight", 3), f2 = extent("conv2.weight", 3), f3 = extent("conv3.weight", 3);
  const Index ups = children(shapes, "upsample.");
  const Index shuffled = extent("upsample.0.weight", 0), width = extent("upsample.0.weight", 1);
  const Index tail_scale = ups == 2 ? 4 : ups == 3 ? 8 : width > 0 ? root(shuffled / width) : 1;

  if (has("layers.0.residual_group.blocks.0.attn.qkv.weight")) {
    const std::string first = "layers.0.residual_group.blocks.0.";
    const Index table = extent(first + "attn.relative_position_bias_table", 0), embed = extent("conv_first.weight", 0);
    std::string depths;
    for (Index i = 0; i < children(shapes, "layers."); ++i) depths += (i ? "," : "") + text(children(shapes, "layers." + text(i) + ".residual_group.blocks."));
    Settings s{{"embed", text(embed)}, {"heads", text(extent(first + "attn.relative_position_bias_table", 1))}, {"window", text((root(table) + 1) / 2)},
               {"depths", depths}, {"mlp_ratio", str(double(extent(first + "mlp.fc1.weight", 0)) / double(std::max<Index>(1, embed)))}};
    const Index window = (root(table) + 1) / 2;
    if (has("conv_before_upsample.0.weight")) {
      s["model"] = "swinir";
      s["variant"] = has("conv_hr.weight") ? "real" : "classical";
      s["scale"] = text(has("conv_hr.weight") ? (has("conv_up2.weight") ? 4 : 2) : tail_scale);
    } else if (has("upsample.0.weight")) {
      s["model"] = "swinir-light";
      s["scale"] = text(root(shuffled / std::max<Index>(1, extent("conv_first.weight", 1))));
    } else {
      s["model"] = "swinir";
      s["variant"] = window == 7 ? "jpeg" : "denoise";
      s["channels"] = text(extent("conv_first.weight", 1));
    }
    return s;
  }
  if (has("conv_first.weight") && has("upconv1.weight"))
    return {{"model", "msrresnet"}, {"features", text(extent("conv_first.weight", 0))}, {"blocks", text(children(shapes, "body."))},
            {"scale", text(has("upconv2.weight") ? 4 : root(extent("upconv1.weight", 0) / std::max<Index>(1, extent("upconv1.weight", 1))))}};
  if (has("conv_first.weight") && has("prelu_first.weight"))
    return {{"model", "srresnet"}, {"features", text(extent("conv_first.weight", 0))}, {"blocks", text(children(shapes, "body."))},
            {"scale", text(tail_scale)}, {"norm_after_body", has("bn_after_body.weight") ? "yes" : "no"}, {"tanh", has("bn_after_body.weight") ? "no" : "yes"}};
  if (has("conv_first.weight") && has("conv_after_body.weight") && has("body.0.conv1.weight")) {
    const Index features = extent("conv_first.weight", 0);
    Settings s{{"model", features >= 256 ? "edsr" : "edsr-baseline"}, {"features", text(features)}, {"blocks", text(children(shapes, "body."))}, {"scale", text(tail_scale)}};
    if (!has("conv_last.weight")) {
      s["direct"] = "yes";
      s["scale"] = text(root(shuffled / 3));
    }
    return s;
  }
  if (has("conv20.weight") && has("conv1.weight") && f1 == 3) return {{"model", "vdsr"}, {"features", text(extent("conv1.weight", 0))}, {"channels", text(extent("conv1.weight", 1))}};
  if (shapes.size() == 6 && f1 == 9 && f3 == 5 && (f2 == 1 || f2 == 3 || f2 == 5))
    return {{"model", "srcnn"}, {"variant", str(f1, "-", f2, "-", f3)}, {"channels", text(extent("conv1.weight", 1))}};
  if (shapes.size() == 8 && f1 == 9 && f2 == 7 && f3 == 1) return {{"model", "arcnn"}};
  if (has("model.0.weight") && has("model.2.weight")) {
    Index depth = 0;
    for (const auto& [name, shape] : shapes) depth += shape.rank() == 4;
    return {{"model", "dncnn"}, {"depth", text(depth)}, {"features", text(extent("model.0.weight", 0))}, {"channels", text(extent("model.0.weight", 1))},
            {"batch_norm", has("model.3.running_mean") ? "yes" : "no"}};
  }
  std::string names;
  for (const auto& [name, shape] : shapes) {
    names += operand(name, shape);
    if (names.size() > 400) { names += "\n  ..."; break; }
  }
  throw Error(str("the weights fit none of the networks that crisp knows; the file holds ", shapes.size(), " tensors:", names));
}

}  // namespace crisp::zoo
