// See method.hpp.
#include "method.hpp"

#include "crisp/infer/classic.hpp"
#include "crisp/metrics/ifc.hpp"
#include "crisp/metrics/ms_ssim.hpp"
#include "crisp/metrics/nqm.hpp"
#include "crisp/metrics/wpsnr.hpp"

namespace crisp::program {

namespace {

infer::Upscaler upscaler_named(const std::string& method) {
  if (method == "ibp") return infer::back_projection();
  if (method == "self-similarity") return infer::self_similarity();
  if (method == "nearest") return infer::upscaler(data::Resampling::nearest);
  if (method == "bilinear") return infer::upscaler(data::Resampling::bilinear);
  return infer::upscaler(data::Resampling::bicubic_matlab);
}

// One of the measures that are made for the eye, by the name of its column.
double perceptual(const std::string& name, const data::Image& result, const data::Image& hr,
                  metrics::Options o) {
  if (name == "ifc") return metrics::ifc(result, hr, o).value;
  if (name == "nqm") return metrics::nqm(result, hr, o).value;
  if (name == "wpsnr") return metrics::wpsnr(result, hr, o).value;
  if (name == "ms-ssim-97") return metrics::ms_ssim_97(result, hr, o).value;
  return metrics::ms_ssim(result, hr, o).value;
}

}  // namespace

const std::vector<std::string>& untrained_methods() {
  static const std::vector<std::string> names{"nearest", "bilinear", "bicubic", "ibp", "self-similarity"};
  return names;
}

Method untrained_method(const std::string& name, const std::string& protocol) {
  return {.name = name,
          .protocol = protocol.empty() ? "y" : protocol,
          .network = {},
          .running = {},
          .untrained = upscaler_named(name),
          .scales = {}};
}

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

infer::Upscaler timed(const infer::Upscaler& upscaler, double& seconds) {
  return [&seconds, upscaler](const data::Image& lr, Index scale, infer::Protocol protocol) {
    const auto begun = Clock::now();
    data::Image y = upscaler(lr, scale, protocol);
    seconds += seconds_since(begun);
    return y;
  };
}

Method network_method(const std::string& given, const MethodOptions& o) {
  const std::size_t at = given.rfind('@');
  const bool has_scales = at != std::string::npos && at + 1 < given.size() &&
                          given.find_first_not_of("0123456789,", at + 1) == std::string::npos;
  const fs::path file = has_scales ? given.substr(0, at) : given;
  Method m;
  for (std::size_t i = at; has_scales && i != std::string::npos; i = given.find(',', i + 1))
    m.scales.push_back(std::atol(given.c_str() + i + 1));
  for (const Index scale : m.scales)
    use(scale >= 1 && scale <= 8, "--weights '", given, "': a scale is a number from 1 to 8");
  const std::vector<Index>& asked = has_scales ? m.scales : o.scales;
  m.network = load_network(file, o.key, asked.size() == 1 ? asked[0] : 0);
  m.running = running_on(o.computing, m.network->net);
  const Network& net = *m.network->net;
  const bool any_scale = net.input_spec().enlarged;
  if (!has_scales && !any_scale) m.scales = {net.scale()};
  if (!has_scales && any_scale && o.scales.empty()) m.scales = {choose_scale(*m.network, file, 0)};
  if (!has_scales && any_scale && o.scales.size() == 1) choose_scale(*m.network, file, o.scales[0]);  // warns
  for (const Index scale : m.scales)
    use(any_scale || scale == net.scale(), "'", file.string(), "' enlarges by ", net.scale(),
        ", and cannot by ", scale);
  if (!o.scales.empty() && !any_scale) {
    bool wanted = false;
    for (const Index scale : o.scales) wanted = wanted || scale == net.scale();
    use(wanted, "'", file.string(), "' enlarges by ", net.scale(), ", and cannot by ", o.scales[0]);
  }
  const std::string stem = file.stem().string();
  const bool says_little = stem == "weights" || stem == "best" || stem == "last" ||
                           stem == "original";  // then the folder says more
  m.name = says_little && file.has_parent_path() ? file.parent_path().filename().string() : stem;
  const std::string usual = net.channels() == 1 ? "y" : "rgb8";
  m.protocol = o.protocol.empty() ? usual : o.protocol;
  use(m.protocol != "y" || net.channels() == 1, "--protocol y works on luma, but ", m.name, " works on ",
      net.channels(), " channels; use rgb8");
  return m;
}

const std::vector<std::string>& metric_names() {
  static const std::vector<std::string> names{"psnr", "ssim", "ms-ssim", "ms-ssim-97", "ifc", "nqm", "wpsnr"};
  return names;
}

infer::Measures further(const std::vector<std::string>& columns) {
  if (columns.size() <= 2) return {};
  return [columns](const data::Image& result, const data::Image& hr, metrics::Options o) {
    std::vector<double> values;
    for (std::size_t i = 2; i < columns.size(); ++i) values.push_back(perceptual(columns[i], result, hr, o));
    return values;
  };
}

std::string set_name(const fs::path& folder) {
  const fs::path clean = fs::absolute(folder / ".").parent_path().lexically_normal();
  const std::string name = clean.filename().string(), lower = lower_case(name);
  return (lower == "hr" || lower == "original" || lower == "gtmod12" || lower == "gt") &&
                 clean.has_parent_path()
             ? clean.parent_path().filename().string()
             : name;
}

infer::Protocol protocol_named(const std::string& name) {
  if (name == "y") return infer::Protocol::y;
  return name == "rgb8" ? infer::Protocol::rgb8 : infer::Protocol::basicsr;
}

}  // namespace crisp::program
