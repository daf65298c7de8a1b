// Networks of others that crisp does not have, by names of tensors that only they use: for a message that
// says what a file holds.
#pragma once
#include "crisp/zoo/shapes.hpp"

namespace crisp::zoo {

namespace detail {

/// A network, and what two of its tensors' names contain; the second may be empty.
struct Elsewhere {
  const char *name, *contains, *and_contains;
};

inline const std::vector<Elsewhere>& networks_elsewhere() {
  static const std::vector<Elsewhere> all{
      {"RRDBNet (ESRGAN, Wang et al. 2018)", "RRDB_trunk.", ""},
      {"RRDBNet (ESRGAN, Wang et al. 2018)", ".sub.0.RDB1.", ""},
      {"RRDBNet (Real-ESRGAN, Wang et al. 2021)", "body.0.rdb1.conv1.", ""},
      {"RCAN (Zhang et al. 2018)", "body.0.body.0.body.3.conv_du.", ""},
      {"RCAN (Zhang et al. 2018)", "residual_group.0.rcab.", ""},
      {"SAN (Dai et al. 2019)", "RG.0.rcab.", ""},
      {"HAN (Niu et al. 2020)", "csa.gamma", ""},
      {"RDN (Zhang et al. 2018)", "SFENet1.", ""},
      {"MDSR (Lim et al. 2017)", "pre_process.0.", ""},
      {"DBPN (Haris et al. 2018)", "up1.up_conv1.", ""},
      {"CARN (Ahn et al. 2018)", "b1.b1.body.", ""},
      {"LapSRN (Lai et al. 2017)", "convt_I1.", ""},
      {"IMDN (Hui et al. 2019)", "IMDB1.", ""},
      {"BSRN (Li et al. 2022)", "B1.c1_d.pw.", ""},
      {"RFDN (Liu et al. 2020)", "B1.c1_d.", ""},
      {"RLFN (Kong et al. 2022)", "block_1.c1_r.weight", "block_1.esa."},
      {"SPAN (Wan et al. 2024)", "block_1.c1_r.eval_conv.", ""},
      {"PAN (Zhao et al. 2020)", "SCPA_trunk.", ""},
      {"SAFMN (Sun et al. 2023)", "to_feat.", "feats.0.safm."},
      {"PLKSR (Lee et al. 2024)", "feats.1.lk.", ""},
      {"OmniSR (Wang et al. 2023)", "residual_layer.0.residual_layer.", ""},
      {"HAT (Chen et al. 2023)", "overlap_attn.", ""},
      {"DAT (Chen et al. 2023)", "before_RG.", ".channel_interaction."},
      {"DRCT (Hsu et al. 2024)", "layers.0.swin1.", "layers.0.adjust1."},
      {"HiT-SR (Zhang et al. 2024)", ".correlation.pos.", ""},
      {"SwinFIR (Zhang et al. 2022)", "layers.0.conv.F.", ""},
      {"SwinFIR (Zhang et al. 2022)", "layers.0.conv.fu.", ""},
      {"Swin2SR (Conde et al. 2022)", ".attn.logit_scale", ".attn.cpb_mlp."},
      {"SRFormer (Zhou et al. 2023)", ".attn.aligned_relative_position_index", ""},
      {"SwinIR with three convolutions behind each group ('3conv', Liang et al. 2021)",
       ".residual_group.blocks.0.attn.qkv.", "layers.0.conv.2.weight"},
      {"EDVR (Wang et al. 2019)", "pcd_align.", ""},
      {"BasicVSR (Chan et al. 2021)", "spynet.basic_module.", ""},
      {"SCUNet (Zhang et al. 2022)", "m_down1.0.trans_block.", ""},
      {"DRUNet (Zhang et al. 2021)", "m_down1.0.res.", ""},
      {"Restormer (Zamir et al. 2022)", "encoder_level1.0.attn.temperature", ""},
      {"NAFNet (Chen et al. 2022)", "middle_blks.0.", "intro.weight"},
      {"GFPGAN (Wang et al. 2021)", "stylegan_decoder.", ""},
      {"Stable Diffusion or another diffusion model", "model.diffusion_model.", ""}};
  return all;
}

inline bool has_part(const Shapes& file, const std::string& part) {
  return std::any_of(file.begin(), file.end(),
                     [&](const auto& tensor) { return tensor.first.find(part) != std::string::npos; });
}

// A row of convolutions, each but the last followed by the slopes of a PReLU, and nothing else.
inline bool is_compact(const Shapes& file) {
  const auto rank = [&](const char* name) {
    const auto found = file.find(name);
    return found == file.end() ? -1 : found->second.rank();
  };
  const bool alone = std::all_of(file.begin(), file.end(),
                                 [](const auto& tensor) { return tensor.first.starts_with("body."); });
  return alone && rank("body.0.weight") == 4 && rank("body.1.weight") == 1 && rank("body.2.weight") == 4;
}

}  // namespace detail

/// The name of the network that holds tensors of these names, where it is one that crisp knows by name and
/// does not have; else "".
inline std::string network_elsewhere(const Shapes& file) {
  for (const detail::Elsewhere& network : detail::networks_elsewhere())
    if (detail::has_part(file, network.contains) && detail::has_part(file, network.and_contains))
      return network.name;
  return detail::is_compact(file) ? "SRVGGNetCompact (Real-ESRGAN, Wang et al. 2021)" : "";
}

}  // namespace crisp::zoo
