// crisp evaluate: the tables of papers. Networks and interpolations, on sets of high-resolution images, at
// several scales.
#include <iostream>
#include <memory>
#include <optional>

#include "built_in.hpp"
#include "crisp/data/degrade.hpp"
#include "crisp/report/progress_bar.hpp"
#include "lr_files.hpp"
#include "method.hpp"
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
  std::vector<std::string> columns;       // what is measured: psnr, ssim and further ones
  std::vector<std::string> shown, names;  // of a table with a row for each method
  Index shave = -1;
  bool quiet = false;
  Computing computing;
};

std::vector<Method> methods_of(const EvaluateOptions& o) {
  std::vector<Method> all;
  for (const std::string& name : o.methods) all.push_back(untrained_method(name, o.protocol));
  for (const std::string& given : with_built_in(o.weights, o.scales))
    all.push_back(network_method(given, {o.scales, o.key, o.protocol, o.computing}));
  for (std::size_t i = 0; i < o.names.size(); ++i) all[i].name = o.names[i];
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

std::size_t width(const std::string& column) { return std::max<std::size_t>(10, column.size() + 2); }

std::string row(const infer::ImageScore& s, const std::vector<std::string>& columns) {
  std::string text = str(left(s.name, 28), right(fixed(s.psnr, 4), 10), right(fixed(s.ssim, 5), 10));
  for (std::size_t i = 2; i < columns.size(); ++i)
    text += right(fixed(s.measures.at(i - 2), 4), width(columns[i]));
  return text;
}

std::string head(const std::vector<std::string>& columns) {
  std::string text = str(left("image", 28), right("PSNR dB", 10), right("SSIM", 10));
  for (std::size_t i = 2; i < columns.size(); ++i) text += right(columns[i], width(columns[i]));
  return text;
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
  double seconds = 0;
  const infer::Upscaler upscaler = timed(m.upscaler(), seconds);
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
    const infer::Comparison c = infer::compare(stem, hr, upscaler, scale, scoring);
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
  if (m.network) entry.parameters = nn::parameter_count(*m.network->net).all();
  if (std::find(o.shown.begin(), o.shown.end(), "time") != o.shown.end())
    entry.seconds = seconds / double(files.size());
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

std::string as_table(const std::vector<TableEntry>& entries, const EvaluateOptions& o) {
  return o.shown.empty() ? markdown_table(entries, o.columns) : method_table(entries, o.columns, o.shown);
}

void write_files(const std::vector<TableEntry>& entries, const EvaluateOptions& o) {
  if (!o.json.empty()) write_whole(o.json, json_table(entries, o.columns));
  if (!o.csv.empty()) write_whole(o.csv, csv_table(entries, o.columns));
  if (!o.markdown.empty()) write_whole(o.markdown, as_table(entries, o));
}

void check_names(const EvaluateOptions& o) {
  const std::size_t methods = o.methods.size() + with_built_in(o.weights, o.scales).size();
  use(o.names.empty() || o.names.size() == methods, "--names: ", o.names.size(), " names for ", methods,
      " methods; give one for each, those of --method first");
  for (std::size_t i = 0; i < o.names.size(); ++i)
    use(std::count(o.names.begin(), o.names.end(), o.names[i]) == 1, "--names: '", o.names[i],
        "' stands there twice");
}

// psnr and ssim, which are always measured, then what is asked for beside them.
std::vector<std::string> measured(const EvaluateOptions& o) {
  std::vector<std::string> all{"psnr", "ssim"}, asked = o.columns;
  asked.insert(asked.end(), o.shown.begin(), o.shown.end());
  const std::vector<std::string>& metrics = metric_names();
  for (const std::string& c : asked)
    if (std::find(metrics.begin(), metrics.end(), c) != metrics.end() &&
        std::find(all.begin(), all.end(), c) == all.end())
      all.push_back(c);
  return all;
}

void check_options(EvaluateOptions& o) {
  use(!o.weights.empty() || !o.methods.empty(),
      "give --weights FILE or --method NAME, such as --method bicubic");
  check_names(o);
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
  o.columns = measured(o);
}

// One method on one set at one scale.
struct Part {
  const Method* method;
  fs::path set;
  Index scale;
};

std::vector<Part> parts_of(const EvaluateOptions& o, const std::vector<Method>& methods,
                           const std::vector<Index>& scales) {
  std::vector<Part> parts;
  for (const fs::path& set : o.data)
    for (const Index scale : scales)
      for (const Method& m : methods)
        if (m.scales.empty() || std::find(m.scales.begin(), m.scales.end(), scale) != m.scales.end())
          parts.push_back({&m, set, scale});
  use(!parts.empty(), "none of the networks works at the scales that --scale names");
  use(o.save.empty() || parts.size() == 1, "--save goes with one method at one scale");
  return parts;
}

std::vector<TableEntry> scores_of(const std::vector<Part>& parts, const EvaluateOptions& o, bool each_image) {
  if (each_image) std::cout << head(o.columns) << std::endl;
  report::ProgressBar bar(o.quiet || each_image);
  const auto begun = Clock::now();
  std::vector<TableEntry> entries;
  for (const Part& part : parts)
    entries.push_back(score(*part.method, part.set, part.scale, o, each_image, [&](double of_part) {
      const double all = (double(entries.size()) + of_part) / double(parts.size());
      if (bar.due())
        bar.update(all, str(part.method->name, ", ", set_name(part.set), " x", part.scale, "  "),
                   seconds_since(begun) * (1 - all) / all);
    }));
  bar.line("");
  return entries;
}

void print_table(const std::vector<TableEntry>& entries, const EvaluateOptions& o) {
  std::cout << as_table(entries, o) << "\n";
  std::vector<std::string> said;
  for (const TableEntry& e : entries)
    if (const std::string text = str(e.method, " x", e.scale, ": protocol ", e.scores.protocol);
        std::find(said.begin(), said.end(), text) == said.end())
      said.push_back(text);
  for (const std::string& text : said) std::cout << text << "\n";
}

void print_means(const infer::Evaluation& all, const EvaluateOptions& o) {
  std::cout << row({str("mean of ", all.images.size()), all.psnr, all.ssim, 0, all.measures}, o.columns)
            << "\n"
            << left("PSNR of the mean MSE", 28) << right(fixed(all.psnr_of_mean_mse, 4), 10) << "\nprotocol "
            << all.protocol << "\n";
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
  const std::vector<Part> parts = parts_of(o, methods, scales);
  if (!o.save.empty()) make_folder(o.save);
  const bool alone = parts.size() == 1 && o.shown.empty();
  const std::vector<TableEntry> entries = scores_of(parts, o, alone && !o.quiet);
  write_files(entries, o);
  if (!o.quiet)
    for (const fs::path& set : o.data) tell_left_out(set);
  if (alone) print_means(entries[0].scores, o);
  else print_table(entries, o);
}

}  // namespace

void add_evaluate(Program& program) {
  const auto o = std::make_shared<EvaluateOptions>();
  Command command = program.command("evaluate",
                                    "Measure networks and interpolations: reduce images, enlarge them, "
                                    "compare; print the table of a paper");
  command.option(
      "--weights", o->weights,
      "networks, .safetensors or .pth files; FILE@2,3 says the scales where a file does not; built-in: those "
      "that come with crisp");
  add_key(command, o->key);
  command
      .option("--method", o->methods,
              "without training: nearest, bilinear, bicubic (MATLAB's), ibp "
              "(iterative back-projection), self-similarity (Glasner et al. 2009)")
      .one_of(untrained_methods());
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
              "columns beside psnr and ssim: ms-ssim, ms-ssim-97 (that of SRCNN's table), ifc, nqm, wpsnr "
              "(commas between them)")
      .separated_by(',')
      .one_of(metric_names());
  std::vector<std::string> columns = metric_names();
  columns.insert(columns.end(), {"parameters", "mse", "psnr-of-mean", "time"});
  command
      .option("--columns", o->shown,
              "a row for each method, with these columns instead: the metrics, parameters, mse (of samples "
              "in 0..255), psnr-of-mean (the PSNR of the mean MSE), time (seconds a picture)")
      .separated_by(',')
      .one_of(columns);
  command
      .option("--names", o->names,
              "what the methods are called in tables, commas between them: those of --method first")
      .separated_by(',');
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
      "psnr is the mean of the pictures' PSNR, as papers print; psnr-of-mean, the PSNR of their mean MSE, "
      "is\n"
      "never higher: the picture with the largest error counts most in it.\n"
      "Example: crisp evaluate --method bicubic --data Set5/HR --scale 3\n"
      "         crisp evaluate --method bicubic --weights srcnn.safetensors@2 vdsr.safetensors@2,3,4 --data "
      "Set5/HR B100/HR --scale 2 3 4\n"
      "         crisp evaluate --method bicubic --weights a/best.safetensors b/best.safetensors --data "
      "Set5/HR --scale 2 --columns parameters,mse,psnr,time --names Bicubic,SRCNN,EDSR");
  command.callback([o] { run_evaluate(*o); });
}

}  // namespace crisp::program
