// What crisp evaluate and crisp table score: networks from files, and methods that need none.
#pragma once
#include <chrono>
#include <optional>

#include "device.hpp"

namespace crisp::program {

/// A network, an interpolation or another method without training, and where it may be used.
struct Method {
  std::string name, protocol;  // protocol: y, rgb8 or basicsr
  std::optional<Loaded> network;
  std::optional<Running> running;  // the network, where it computes
  infer::Upscaler untrained;       // what it is where there is no network
  std::vector<Index> scales;       // none: any

  infer::Upscaler upscaler() const { return running ? running->upscaler : untrained; }
};

/// What says how the network of a file is used.
struct MethodOptions {
  std::vector<Index> scales;  // those asked for; none: what the files say
  std::string key, protocol;  // protocol: empty for the usual one
  Computing computing;
};

/// nearest, bilinear, bicubic, ibp and self-similarity, by name.
const std::vector<std::string>& untrained_methods();
Method untrained_method(const std::string& name, const std::string& protocol);

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point begun);

/// The upscaler; the seconds that it takes are added to `seconds`, which must outlive it.
infer::Upscaler timed(const infer::Upscaler& upscaler, double& seconds);

/// FILE or FILE@2 or FILE@2,3,4: the scales that a network is used for, where its file does not say. Throws
/// WrongUse where they do not fit.
Method network_method(const std::string& given, const MethodOptions& o);

/// What --metrics takes: psnr, ssim, ms-ssim, ms-ssim-97, ifc, nqm, wpsnr.
const std::vector<std::string>& metric_names();

/// The measures of the columns behind psnr and ssim; empty where there are none.
infer::Measures further(const std::vector<std::string>& columns);

/// The name of a set: Set5 for Set5/HR.
std::string set_name(const fs::path& folder);

infer::Protocol protocol_named(const std::string& name);

}  // namespace crisp::program
