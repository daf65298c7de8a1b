// crisp table: the history of the field in one table, each figure measured beside the published one.
#include <iostream>
#include <memory>
#include <set>

#include "crisp/report/progress_bar.hpp"
#include "crisp/report/scatter.hpp"
#include "history_table.hpp"
#include "method.hpp"
#include "picture.hpp"
#include "published.hpp"

namespace crisp::program {

namespace {

struct Options {
  std::vector<std::string> files, methods{"bicubic"}, metrics{"psnr", "ssim"};
  std::vector<fs::path> data;
  std::vector<Index> scales;
  std::vector<fs::path> out;
  fs::path plot;
  std::string key;
  bool quiet = false;
  Computing computing;
};

// A column: the methods of one name, each at its scales.
struct Column {
  std::string name;
  Index year = 0;
  std::vector<Method> methods;  // none: only quoted

  const Method* at(Index scale) const {
    for (const Method& m : methods)
      if (m.scales.empty() || std::find(m.scales.begin(), m.scales.end(), scale) != m.scales.end()) return &m;
    return nullptr;
  }
};

// As published.csv names it.
std::string name_of(const Method& m) {
  if (!m.network) return m.name;
  const Network& net = *m.network->net;
  const auto variant = net.settings().find("variant");
  const bool smaller = net.name() == "srcnn" && variant->second != "9-5-5";
  return smaller ? "srcnn " + variant->second : net.name();
}

// The year of a method's paper; behind all others where it is not known.
Index year_of(const std::string& name) {
  static const std::map<std::string, Index> unpublished{
      // under the protocol y
      {"nearest", 1980}, {"bilinear", 1980}, {"ibp", 1991},        {"self-similarity", 2009},
      {"ne-nnls", 2012}, {"ne-ls", 2013},    {"srcnn 9-3-5", 2014}};
  const auto found = unpublished.find(name);
  constexpr Index last = 9999;
  return found != unpublished.end() ? found->second : published_year(name).value_or(last);
}

void add(std::vector<Column>& columns, Method method) {
  const std::string name = name_of(method);
  for (Column& column : columns) {
    if (column.name != name) continue;
    for (const Index scale : method.scales)
      use(!column.at(scale), "two of the files are ", name, " at x", scale,
          "; the table has one column for it");
    column.methods.push_back(std::move(method));
    return;
  }
  columns.push_back({name, year_of(name), {}});
  columns.back().methods.push_back(std::move(method));
}

// In the order of their years; kk is a closed program, and stands among them as quoted.
std::vector<Column> columns_of(const Options& o) {
  std::vector<Column> columns{{"kk", *published_year("kk"), {}}};
  for (const std::string& name : o.methods) add(columns, untrained_method(name, "y"));
  for (const std::string& file : o.files)
    add(columns, network_method(file, {o.scales, o.key, "y", o.computing}));
  std::stable_sort(columns.begin(), columns.end(),
                   [](const Column& a, const Column& b) { return a.year < b.year; });
  return columns;
}

std::vector<Index> scales_of(const Options& o, const std::vector<Column>& columns) {
  if (!o.scales.empty()) return o.scales;
  std::set<Index> all;
  for (const Column& column : columns)
    for (const Method& m : column.methods) all.insert(m.scales.begin(), m.scales.end());
  use(!all.empty(), "none of the methods says a scale; give --scale N, such as --scale 3");
  return {all.begin(), all.end()};
}

// The means over a set, in the order of the metrics; the seconds that the method took are added to `seconds`.
std::vector<double> measure(const Method& method, const fs::path& set, Index scale, const Options& o,
                            double& seconds) {
  infer::Scoring scoring(infer::Protocol::y);
  std::vector<std::string> columns{"psnr", "ssim"};
  for (const std::string& metric : o.metrics)
    if (metric != "psnr" && metric != "ssim") columns.push_back(metric);
  scoring.measures = further(columns);
  std::vector<infer::ImageScore> scores;
  const infer::Upscaler upscaler = timed(method.upscaler(), seconds);
  for (const fs::path& file : images_in("--data", set))
    scores.push_back(
        infer::compare(file.stem().string(), load_picture(file), upscaler, scale, scoring).score);
  const infer::Evaluation all = infer::summarise(std::move(scores), scale, scoring);
  std::vector<double> values;
  std::size_t next = 0;
  for (const std::string& metric : o.metrics) {
    if (metric == "psnr") values.push_back(all.psnr);
    else if (metric == "ssim") values.push_back(all.ssim);
    else values.push_back(all.measures.at(next++));
  }
  return values;
}

// A point of the plot: PSNR, or the first of the metrics, over the seconds that a picture takes.
using Points = std::vector<report::NamedPoint>;

// The rows of one set at one scale, a metric each; and the points of the methods.
std::vector<TableRow> rows_of(const std::vector<Column>& columns, const fs::path& set, Index scale,
                              const Options& o, const std::function<void(const std::string&)>& begins,
                              Points& points) {
  const double pictures = double(images_in("--data", set).size());
  std::vector<TableRow> rows;
  for (const std::string& metric : o.metrics) rows.push_back({set_name(set), metric, scale, {}});
  for (const Column& column : columns) {
    const Method* method = column.at(scale);
    begins(column.name);
    double seconds = 0;
    const std::vector<double> values =
        method ? measure(*method, set, scale, o, seconds) : std::vector<double>();
    if (method) points.push_back({column.name, std::max(seconds / pictures, 1e-6), values[0]});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      TableCell cell{{}, published_value(column.name, rows[i].set, scale, rows[i].metric)};
      if (method) cell.measured = values[i];
      rows[i].cells.push_back(cell);
    }
  }
  return rows;
}

void check_options(const Options& o) {
  const bool svg = o.plot.empty() || o.plot.extension() == ".svg";
  use(svg, "--plot '", o.plot.string(), "' must end in .svg");
  for (const fs::path& set : o.data) images_in("--data", set);
  for (const fs::path& file : o.out) {
    const std::string kind = file.extension().string();
    const bool known = kind == ".md" || kind == ".csv" || kind == ".html" || kind == ".tex";
    use(known, "--out '", file.string(), "' must end in .md, .csv, .html or .tex: the name says the format");
    use(!fs::is_directory(file), "--out '", file.string(), "' is a folder; give the name of a file");
  }
}

void write_plot(const Options& o, const Points& points, Index scale) {
  write_whole(o.plot, report::scatter({str("Methods on ", set_name(o.data[0]), ", x", scale),
                                       "seconds a picture", o.metrics[0], points}));
  if (o.quiet) return;
  for (const report::NamedPoint& p : points)
    std::cout << left(p.name, 16) << right(fixed(p.x, 4), 10) << " s a picture\n";
  std::cout << "\n";
}

void write(const fs::path& file, const HistoryTable& table) {
  const std::string kind = file.extension().string();
  std::string text = as_markdown(table);
  if (kind == ".csv") text = as_csv(table);
  if (kind == ".html") text = as_html(table);
  if (kind == ".tex") text = as_latex(table);
  write_whole(file, text);
}

void run_table(const Options& o) {
  check_options(o);
  o.computing.apply();
  const std::vector<Column> columns = columns_of(o);
  const std::vector<Index> scales = scales_of(o, columns);
  HistoryTable table;
  for (const Column& column : columns) table.methods.push_back(column.name);
  const bool one = scales.size() == 1 && o.data.size() == 1;
  use(o.plot.empty() || one, "--plot goes with one scale and one set of images");
  report::ProgressBar bar(o.quiet);
  Points points;
  const auto begun = Clock::now();
  const std::size_t parts = columns.size() * o.data.size() * scales.size();
  std::size_t done = 0;
  for (const fs::path& set : o.data)
    for (const Index scale : scales)
      for (TableRow& row : rows_of(
               columns, set, scale, o,
               [&](const std::string& name) {
                 const double part = double(done++) / double(parts);
                 const double seconds = seconds_since(begun);
                 if (bar.due())
                   bar.update(part, str(name, ", ", set_name(set), " x", scale, "  "),
                              seconds * (1 - part) / std::max(part, 1e-9));
               },
               points))
        table.rows.push_back(std::move(row));
  for (const fs::path& file : o.out) write(file, table);
  bar.line("");
  if (!o.plot.empty()) write_plot(o, points, scales[0]);
  std::cout << as_markdown(table) << "\nmeasured (published); protocol "
            << infer::describe(infer::Protocol::y, scales[0]) << "\n";
}

}  // namespace

void add_table(Program& program) {
  const auto o = std::make_shared<Options>();
  Command command = program.command(
      "table", "The table of a review: methods in the order of their years, measured beside published");
  command.option("FILE", o->files,
                 "networks and learnt methods: .safetensors or .pth files; FILE@3 says the scale");
  add_key(command, o->key);
  command.option("--data", o->data, "folders of high-resolution images").required();
  command.option("--scale", o->scales, "enlargement factors (default: those of the files)").range(1, 8);
  command.option("--method", o->methods, "methods without training (default: bicubic)")
      .one_of(untrained_methods());
  command
      .option("--metrics", o->metrics,
              "psnr, ssim, ifc, nqm, wpsnr, ms-ssim, ms-ssim-97 (that of SRCNN's table), commas between them")
      .separated_by(',')
      .one_of(metric_names());
  command.option("--out", o->out, "write the table to files too: .md, .csv, .html or .tex");
  command.option("--plot", o->plot, "draw the first metric over the time a picture takes, as an .svg file");
  command.flag("--quiet", o->quiet, "print the table only");
  o->computing.add_to(command);
  command.footer(
      "In each cell the measured mean, and in brackets the published one. Protocol y, as in the papers.\n"
      "Give the files first.\n"
      "Example: crisp table anr/best.safetensors aplus/best.safetensors --data Set5/HR --scale 3 --out "
      "table.html");
  command.callback([o] { run_table(*o); });
}

}  // namespace crisp::program
