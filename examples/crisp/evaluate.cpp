// crisp evaluate: the tables of papers. Networks and interpolations, on sets of high-resolution images, at
// several scales.
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>

#include "crisp/data/degrade.hpp"
#include "crisp/metrics/ifc.hpp"
#include "crisp/metrics/ms_ssim.hpp"
#include "crisp/metrics/nqm.hpp"
#include "crisp/metrics/wpsnr.hpp"
#include "crisp/report/progress_bar.hpp"
#include "device.hpp"
#include "lr_files.hpp"
#include "picture.hpp"
#include "score_table.hpp"

namespace crisp::program {

namespace {

struct EvaluateOptions {
  std::vector<std::string> weights, methods;
  std::vector<fs::path> data;
  std::vector<Index> scales;
  fs::path lr, json, csv, markdown, save;
  std::string key, protocol, degrade = "bicubic", channel = "y";
  std::vector<std::string> columns;
  Index shave = -1;
  bool quiet = false;
  Computing computing;
};

/// A network or an interpolation, and where it may be used.
struct Method {
  std::string name, protocol;  // protocol: y, rgb8 or basicsr
  std::optional<Loaded> network;
  std::optional<Running> running;  // the network, where it computes
  data::Resampling resampling{};
  std::vector<Index> scales;  // none: any

  infer::Upscaler upscaler() const { return running ? running->upscaler : infer::upscaler(resampling); }
};

data::Resampling resampling(const std::string& method) {
  if (method == "nearest") return data::Resampling::nearest;
  return method == "bilinear" ? data::Resampling::bilinear : data::Resampling::bicubic_matlab;
}

// FILE or FILE@2 or FILE@2,3,4: the scales that a network is used for, where its file does not say.
Method network_method(const std::string& given, const EvaluateOptions& o) {
  const std::size_t at = given.rfind('@');
  const bool has_scales = at != std::string::npos && at + 1 < given.size() &&
                          given.find_first_not_of("0123456789,", at + 1) == std::string::npos;
  const fs::path file = has_scales ? given.substr(0, at) : given;
  Method m;
  m.network = load_network(file, o.key);
  m.running = running_on(o.computing, m.network->net);
  for (std::size_t i = at; has_scales && i != std::string::npos; i = given.find(',', i + 1))
    m.scales.push_back(std::atol(given.c_str() + i + 1));
  for (const Index scale : m.scales)
    use(scale >= 1 && scale <= 8, "--weights '", given, "': a scale is a number from 1 to 8");
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

std::vector<Method> methods_of(const EvaluateOptions& o) {
  std::vector<Method> all;
  for (const std::string& name : o.methods)
    all.push_back({.name = name,
                   .protocol = o.protocol.empty() ? "y" : o.protocol,
                   .network = {},
                   .running = {},
                   .resampling = resampling(name),
                   .scales = {}});
  for (const std::string& given : o.weights) all.push_back(network_method(given, o));
  return all;
}

std::vector<Index> scales_of(const EvaluateOptions& o, const std::vector<Method>& methods) {
  std::vector<Index> all = o.scales;
  if (all.empty())
    for (const Method& m : methods) all.insert(all.end(), m.scales.begin(), m.scales.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  use(!all.empty(), "--method needs --scale N, such as --scale 3");
  return all;
}

// One of the measures that are made for the eye, by the name of its column.
double perceptual(const std::string& name, const data::Image& result, const data::Image& hr,
                  metrics::Options o) {
  if (name == "ifc") return metrics::ifc(result, hr, o).value;
  if (name == "nqm") return metrics::nqm(result, hr, o).value;
  if (name == "wpsnr") return metrics::wpsnr(result, hr, o).value;
  return metrics::ms_ssim(result, hr, o).value;
}

infer::Measures further(const std::vector<std::string>& columns) {
  if (columns.size() <= 2) return {};
  return [columns](const data::Image& result, const data::Image& hr, metrics::Options o) {
    std::vector<double> values;
    for (std::size_t i = 2; i < columns.size(); ++i) values.push_back(perceptual(columns[i], result, hr, o));
    return values;
  };
}

std::string set_name(const fs::path& folder) {  // Set5 for Set5/HR
  const fs::path clean = fs::absolute(folder / ".").parent_path().lexically_normal();
  std::string name = clean.filename().string(), lower = name;
  for (char& c : lower) c = char(std::tolower(static_cast<unsigned char>(c)));
  return (lower == "hr" || lower == "original" || lower == "gtmod12" || lower == "gt") &&
                 clean.has_parent_path()
             ? clean.parent_path().filename().string()
             : name;
}

std::string row(const infer::ImageScore& s, const std::vector<std::string>& columns) {
  std::string text = str(left(s.name, 28), right(fixed(s.psnr, 4), 10), right(fixed(s.ssim, 5), 10));
  for (std::size_t i = 2; i < columns.size(); ++i) text += right(fixed(s.measures.at(i - 2), 4), 10);
  return text;
}

infer::Protocol protocol_named(const std::string& name) {
  if (name == "y") return infer::Protocol::y;
  return name == "rgb8" ? infer::Protocol::rgb8 : infer::Protocol::basicsr;
}

// With as many channels as the original has.
data::Image with_channels_of(const data::Image& original, const data::Image& lr) {
  if (original.channels == 1) return data::luma(lr);
  return lr.channels == 1 ? data::gray_to_rgb(lr) : lr;
}

// Scores one method on one set at one scale; prints each image where `show`.
TableEntry score(const Method& m, const fs::path& set, Index scale, const EvaluateOptions& o, bool show,
                 const std::function<void(double)>& done) {
  const std::vector<fs::path> files = images_in("--data", set);
  infer::Scoring scoring(protocol_named(m.protocol), reducer_of(o.degrade));
  scoring.shave = o.shave;
  scoring.channel = o.channel == "rgb" ? metrics::Channel::rgb : metrics::Channel::luma;
  scoring.measures = further(o.columns);
  std::vector<infer::ImageScore> scores;
  std::string unlike;
  const std::vector<std::string> stems = distinct_stems(files);
  const std::optional<LrFolder> lr_files = o.lr.empty() ? std::optional<LrFolder>() : LrFolder(o.lr);
  for (const fs::path& file : files) {
    const std::string& stem = stems[scores.size()];
    const data::Image hr = load_picture(file);
    if (lr_files) {
      const data::Image lr = load_lr(lr_files->of(file, scale), hr, scale);
      if (unlike.empty()) unlike = unlike_matlab(lr, hr, scale);
      scoring.reducer = [lr](const data::Image& original, Index) { return with_channels_of(original, lr); };
    }
    const infer::Comparison c = infer::compare(stem, hr, m.upscaler(), scale, scoring);
    if (!o.save.empty()) save_picture(o.save / (stem + ".png"), c.result);
    scores.push_back(c.score);
    if (show) std::cout << row(scores.back(), o.columns) << std::endl;
    done(double(scores.size()) / double(files.size()));
  }
  if (!unlike.empty())
    std::cerr << "crisp: warning: the files in '" << o.lr.string()
              << "' were not made by MATLAB's bicubic, as those of published figures are: " << unlike
              << ". Scores are not comparable; leave out --lr to have them made here\n";
  TableEntry entry{set_name(set), m.name, m.protocol, scale,
                   infer::summarise(std::move(scores), scale, scoring)};
  if (o.degrade != "bicubic") entry.scores.protocol += "; the input made by " + o.degrade;
  if (!o.lr.empty()) entry.scores.protocol += "; the input from " + o.lr.string();
  return entry;
}

void warn_of_departures(const EvaluateOptions& o, const std::vector<Method>& methods,
                        const std::vector<Index>& scales) {
  const auto warn = [](const std::string& text) { std::cerr << "crisp: warning: " << text << "\n"; };
  if (o.channel == "rgb")
    warn("scores are taken on RGB; published figures are taken on luma, and are 1 to 2 dB higher");
  for (const Index scale : scales)
    if (o.shave >= 0 && o.shave != scale)
      warn(str("at x", scale, " published figures leave out ", scale, " pixels on every side, here it is ",
               o.shave));
  std::string names;
  for (const Method& m : methods)
    if (m.protocol != methods[0].protocol)
      names = methods[0].name + " (" + methods[0].protocol + ") and " + m.name + " (" + m.protocol + ")";
  if (!names.empty())
    warn("the methods are scored by different protocols, as their papers do: " + names +
         "; --protocol rgb8 scores all by one");
}

void write_files(const std::vector<TableEntry>& entries, const EvaluateOptions& o) {
  if (!o.json.empty()) write_whole(o.json, json_table(entries, o.columns));
  if (!o.csv.empty()) write_whole(o.csv, csv_table(entries, o.columns));
  if (!o.markdown.empty()) write_whole(o.markdown, markdown_table(entries, o.columns));
}

void check_options(EvaluateOptions& o) {
  use(!o.weights.empty() || !o.methods.empty(), "give --weights FILE or --method nearest|bilinear|bicubic");
  for (const fs::path& set : o.data) images_in("--data", set);
  for (const auto& [name, file] : {std::pair{"--json", o.json}, {"--csv", o.csv}, {"--markdown", o.markdown}})
    use(file.empty() || !fs::is_directory(file), name, " ", file, " is a folder; give the name of a file");
  use(o.save.empty() || !fs::exists(o.save) || fs::is_directory(o.save), "--save ", o.save,
      " is not a folder");
  use(o.save.empty() || o.data.size() == 1, "--save goes with one set of images");
  use(o.save.empty() || !fs::exists(o.save) || !fs::equivalent(o.save, o.data[0]),
      "--save is the folder --data: the images would be overwritten");
  if (!o.lr.empty()) require_folder("--lr", o.lr);
  use(o.lr.empty() || o.data.size() == 1, "--lr goes with one set of images");
  use(o.lr.empty() || o.degrade == "bicubic",
      "--lr and --degrade exclude each other: the files are as they are");
  try {
    data::degradation(o.degrade);
  } catch (const Error& e) {
    throw WrongUse(str("--degrade: ", e.what()));
  }
  std::vector<std::string> columns{"psnr", "ssim"};
  for (const std::string& c : o.columns)
    if (std::find(columns.begin(), columns.end(), c) == columns.end()) columns.push_back(c);
  o.columns = columns;
}

void run_evaluate(EvaluateOptions& o) {
  check_options(o);
  o.computing.apply();
  const std::vector<Method> methods = methods_of(o);
  const std::vector<Index> scales = scales_of(o, methods);
  use(o.lr.empty() || scales.size() == 1, "--lr goes with one scale");
  if (!o.lr.empty()) {  // before the work: is each file there?
    const LrFolder lr(o.lr);
    for (const fs::path& file : images_in("--data", o.data[0])) lr.of(file, scales[0]);
  }
  warn_of_departures(o, methods, scales);
  struct Part {
    const Method* method;
    fs::path set;
    Index scale;
  };
  std::vector<Part> parts;
  for (const fs::path& set : o.data)
    for (const Index scale : scales)
      for (const Method& m : methods)
        if (m.scales.empty() || std::find(m.scales.begin(), m.scales.end(), scale) != m.scales.end())
          parts.push_back({&m, set, scale});
  use(!parts.empty(), "none of the networks works at the scales that --scale names");
  use(o.save.empty() || parts.size() == 1, "--save goes with one method at one scale");
  if (!o.save.empty()) make_folder(o.save);

  const bool alone = parts.size() == 1;
  if (alone && !o.quiet) {
    std::cout << left("image", 28) << right("PSNR dB", 10) << right("SSIM", 10);
    for (std::size_t i = 2; i < o.columns.size(); ++i) std::cout << right(o.columns[i], 10);
    std::cout << std::endl;
  }
  report::ProgressBar bar(o.quiet || alone);
  const auto begun = std::chrono::steady_clock::now();
  std::vector<TableEntry> entries;
  for (const Part& part : parts)
    entries.push_back(score(*part.method, part.set, part.scale, o, alone && !o.quiet, [&](double of_part) {
      const double all = (double(entries.size()) + of_part) / double(parts.size()),
                   seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      if (bar.due())
        bar.update(all, str(part.method->name, ", ", set_name(part.set), " x", part.scale, "  "),
                   seconds * (1 - all) / all);
    }));
  write_files(entries, o);
  if (!o.quiet)
    for (const fs::path& set : o.data) tell_left_out(set);
  if (!alone) {
    bar.line("");
    std::cout << markdown_table(entries, o.columns) << "\n";
    std::vector<std::string> said;
    for (const TableEntry& e : entries)
      if (const std::string text = str(e.method, " x", e.scale, ": protocol ", e.scores.protocol);
          std::find(said.begin(), said.end(), text) == said.end())
        said.push_back(text);
    for (const std::string& text : said) std::cout << text << "\n";
    return;
  }
  const infer::Evaluation& all = entries[0].scores;
  std::cout << row({str("mean of ", all.images.size()), all.psnr, all.ssim, 0, all.measures}, o.columns)
            << "\n"
            << left("PSNR of the mean MSE", 28) << right(fixed(all.psnr_of_mean_mse, 4), 10) << "\nprotocol "
            << all.protocol << "\n";
}

}  // namespace

void add_evaluate(Program& program) {
  const auto o = std::make_shared<EvaluateOptions>();
  Command command = program.command("evaluate",
                                    "Measure networks and interpolations: reduce images, enlarge them, "
                                    "compare; print the table of a paper");
  command.option("--weights", o->weights,
                 "networks, .safetensors or .pth files; FILE@2,3 says the scales where a file does not");
  add_key(command, o->key);
  command.option("--method", o->methods, "interpolations: nearest, bilinear, bicubic (MATLAB's)")
      .one_of({"nearest", "bilinear", "bicubic"});
  command.option("--data", o->data, "folders of high-resolution images").required();
  command.option("--scale", o->scales, "enlargement factors; for --weights the default is what the files say")
      .range(1, 8);
  command
      .option("--protocol", o->protocol,
              "y: luma in floating point, not rounded (SRCNN, VDSR); rgb8: 8-bit RGB (EDSR, RCAN);\n"
              "basicsr: as rgb8, luma not rounded (BasicSR, SwinIR).\n"
              "Default: y for a luma network and for a method, rgb8 for a colour network")
      .one_of({"y", "rgb8", "basicsr"});
  command
      .option("--metrics", o->columns,
              "columns beside psnr and ssim: ms-ssim, ifc, nqm, wpsnr (commas between them)")
      .separated_by(',')
      .one_of({"psnr", "ssim", "ms-ssim", "ifc", "nqm", "wpsnr"});
  command
      .option("--degrade", o->degrade, "how the input is made: bicubic, blur, blur:1.6, noise:25 or jpeg:10")
      .shows_default();
  command.option("--lr", o->lr,
                 "a folder of low-resolution files to use instead; says so where they are not MATLAB's");
  command.option("--shave", o->shave, "pixels left out on every side (default: the scale, as papers do)")
      .range(0, 1000);
  command.option("--channel", o->channel, "score luma (y) or all of rgb")
      .one_of({"y", "rgb"})
      .shows_default();
  command.option("--json", o->json,
                 "write the figures to this file: psnr (dB), ssim, psnr_of_mean_mse (dB), images, protocol");
  command.option("--csv", o->csv, "write a line for each image and each mean to this file");
  command.option("--markdown", o->markdown, "write the table to this file");
  command.option("--save", o->save,
                 "write the enlarged images to this folder, as PNG with the names of the originals");
  command.flag("--quiet", o->quiet, "print the means only");
  o->computing.add_to(command);
  command.footer(
      "PSNR in dB and SSIM are taken on BT.601 luma of 8 bits, with `scale` pixels shaved off every side.\n"
      "Example: crisp evaluate --method bicubic --data Set5/HR --scale 3\n"
      "         crisp evaluate --method bicubic --weights srcnn.safetensors@2 vdsr.safetensors@2,3,4 --data "
      "Set5/HR B100/HR --scale 2 3 4");
  command.callback([o] { run_evaluate(*o); });
}

}  // namespace crisp::program
