// crisp evaluate: PSNR and SSIM of a network or an interpolation on a folder of high-resolution images.
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "train_data.hpp"
#include "crisp/data/degrade.hpp"
#include "crisp/infer/evaluate.hpp"

namespace crisp::program {

namespace {

struct Options {
  fs::path weights, data, json, save;
  std::string method, protocol, degrade = "bicubic";
  Index scale = 0;
  bool quiet = false;
  Computing computing;
};

data::Resampling resampling(const std::string& method) {
  if (method == "nearest") return data::Resampling::nearest;
  return method == "bilinear" ? data::Resampling::bilinear : data::Resampling::bicubic_matlab;
}

std::string row(const std::string& name, double psnr, double ssim) {
  return str(left(name, 28), right(fixed(psnr, 4), 10), right(fixed(ssim, 5), 10));
}

nlohmann::ordered_json to_json(const infer::Evaluation& all, const Options& o, Index scale) {
  nlohmann::ordered_json out{{"psnr", all.psnr}, {"ssim", all.ssim}, {"psnr_of_mean_mse", all.psnr_of_mean_mse}, {"protocol", o.protocol},
                             {"protocol_text", all.protocol}, {"scale", scale}};
  if (o.method.empty()) out["weights"] = o.weights.string();
  else out["method"] = o.method;
  out["images"] = nlohmann::ordered_json::array();
  for (const infer::ImageScore& s : all.images) out["images"].push_back({{"name", s.name}, {"psnr", s.psnr}, {"ssim", s.ssim}, {"mse", s.mse}});
  return out;
}

infer::Evaluation score_all(const std::vector<fs::path>& files, const infer::Upscaler& upscaler, Index scale, const Options& o) {
  const infer::Protocol protocol = o.protocol == "y" ? infer::Protocol::y : o.protocol == "rgb8" ? infer::Protocol::rgb8 : infer::Protocol::basicsr;
  if (!o.quiet) std::cout << left("image", 28) << right("PSNR dB", 10) << right("SSIM", 10) << std::endl;
  std::vector<infer::ImageScore> scores;
  const infer::Reducer reducer = reducer_of(o.degrade);
  for (const fs::path& file : files) {
    const infer::Comparison c = infer::compare(file.stem().string(), data::load_image(file), upscaler, scale, protocol, reducer);
    if (!o.save.empty()) data::save_image(o.save / (file.stem().string() + ".png"), c.result);
    if (!o.quiet) std::cout << row(c.score.name, c.score.psnr, c.score.ssim) << std::endl;
    scores.push_back(c.score);
  }
  infer::Evaluation all = infer::summarise(std::move(scores), scale, protocol);
  if (o.degrade != "bicubic") all.protocol += "; the input made by " + o.degrade;
  return all;
}

void run(Options& o) {
  use(o.weights.empty() != o.method.empty(), "give either --weights FILE or --method nearest|bilinear|bicubic");
  o.computing.apply();
  const std::vector<fs::path> files = images_in("--data", o.data);
  use(o.json.empty() || !fs::is_directory(o.json), "--json ", o.json, " is a folder; give the name of a file");
  use(o.save.empty() || !fs::exists(o.save) || fs::is_directory(o.save), "--save ", o.save, " is not a folder");
  use(o.save.empty() || !fs::exists(o.save) || !fs::equivalent(o.save, o.data), "--save is the folder --data: the images would be overwritten");

  std::optional<Loaded> loaded;
  Index scale = o.scale, channels = 1;
  if (o.method.empty()) {
    loaded = load_network(o.weights);
    scale = choose_scale(*loaded, o.weights, o.scale);
    channels = loaded->net.channels();
  }
  try {
    data::degradation(o.degrade);
  } catch (const Error& e) {
    throw WrongUse(str("--degrade: ", e.what()));
  }
  use(scale != 0, "--method needs --scale N, such as --scale 3");
  if (o.protocol.empty()) o.protocol = channels == 1 ? "y" : "rgb8";
  use(o.protocol != "y" || channels == 1, "--protocol y works on luma, but this network works on ", channels, " channels; use rgb8");
  if (!o.save.empty()) make_folder(o.save);

  const infer::Evaluation all = score_all(files, loaded ? infer::upscaler(loaded->net) : infer::upscaler(resampling(o.method)), scale, o);
  if (!o.json.empty()) write_whole(o.json, to_json(all, o, scale).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  std::cout << row(str("mean of ", all.images.size()), all.psnr, all.ssim) << "\n"
            << left("PSNR of the mean MSE", 28) << right(fixed(all.psnr_of_mean_mse, 4), 10) << "\nprotocol " << all.protocol << "\n";
}

}  // namespace

void add_evaluate(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("evaluate", "Measure a network or an interpolation: reduce images, enlarge them, compare");
  command.add_option("--weights", o->weights, "the network, a .safetensors file");
  command.add_option("--method", o->method, "an interpolation instead of a network: nearest, bilinear, bicubic (MATLAB's)")
      ->check(CLI::IsMember({"nearest", "bilinear", "bicubic"}));
  command.add_option("--data", o->data, "a folder of high-resolution images (PNG, JPEG or BMP)")->required();
  command.add_option("--scale", o->scale, "enlargement factor; for --weights the default is what the file says")->check(CLI::Range(1, 8));
  command.add_option("--protocol", o->protocol,
                     "y: luma in floating point, not rounded (SRCNN, VDSR); rgb8: 8-bit RGB (EDSR, RCAN);\n"
                     "basicsr: as rgb8, luma not rounded (BasicSR, SwinIR).\n"
                     "Default: y for a luma network and for a method, rgb8 for a colour network")
      ->check(CLI::IsMember({"y", "rgb8", "basicsr"}));
  command.add_option("--degrade", o->degrade, "how the input is made: bicubic, blur, blur:1.6, noise:25 or jpeg:10")->capture_default_str();
  command.add_option("--json", o->json, "write the figures to this file: psnr (dB), ssim, psnr_of_mean_mse (dB), images, protocol");
  command.add_option("--save", o->save, "write the enlarged images to this folder, as PNG with the names of the originals");
  command.add_flag("--quiet", o->quiet, "print the means only");
  o->computing.add_to(command);
  command.footer("PSNR in dB and SSIM are taken on BT.601 luma of 8 bits, with `scale` pixels shaved off every side.\n"
                 "Example: crisp evaluate --method bicubic --data Set5/HR --scale 3");
  command.callback([o] { run(*o); });
}

}  // namespace crisp::program
