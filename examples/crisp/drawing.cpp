// See drawing.hpp: the texts of the boxes, the DOT language, and Graphviz as a process.
#include "drawing.hpp"

#include <spawn.h>
#include <sys/wait.h>

#include <iostream>

#include "crisp/core/text.hpp"

extern char** environ;

namespace crisp::program {

namespace {

// "3 x 3" of a kernel (O, kH, kW, C), and what else a reader wants to know of the op.
std::string details(const nn::GraphOp& op) {
  std::string text;
  for (const Shape& shape : op.reads)
    if (shape.rank() == 4) text = str(" ", shape[1], " x ", shape[2]);
  const std::map<std::string, std::string> shown{{"scale", " times "},
                                                 {"stride", ", stride "},
                                                 {"dilation", ", dilation "},
                                                 {"r", " by "},
                                                 {"groups", ", groups "}};
  for (const auto& [name, words] : shown)
    if (const auto found = op.attributes.find(name); found != op.attributes.end() && found->second != 1)
      text += words + str(found->second);
  return text;
}

// (1, 48, 48, 64) as "48 x 48 x 64".
std::string size_of_one(const Shape& shape) {
  std::string text;
  for (int i = shape.rank() > 1 ? 1 : 0; i < shape.rank(); ++i)
    text += str(text.empty() ? "" : " x ", shape[i]);
  return text;
}

// A string of the DOT language. (Not quoted: of a std::string that is not constant the name would mean
// std::quoted.)
std::string dot_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n') out += "\\n";
    else out += c;
  }
  return out + "\"";
}

}  // namespace

std::vector<std::string> box_text(const nn::GraphOp& op, const std::string& member) {
  std::vector<std::string> lines;
  if (!op.layer.empty()) lines.push_back(nn::layer_name(op.layer, member));
  lines.push_back(op.op + details(op));
  lines.push_back(size_of_one(op.output));
  if (op.parameters > 0) lines.push_back(with_commas(op.parameters) + " parameters");
  return lines;
}

std::string box_colour(const nn::GraphOp& op) {
  if (op.inputs.empty()) return "#dff0d8";
  if (op.parameters > 0) return "#d6e6f5";
  return op.inputs.size() > 1 ? "#fbe9c6" : "#f0f0f0";
}

namespace {

class DotText {
 public:
  DotText(const nn::NetworkGraph& graph, const std::string& title) : graph_(graph) {
    text_ = str("digraph network {\n  label=", dot_string(title),
                ";\n  labelloc=t;\n  fontname=\"sans-serif\";\n"
                "  node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n"
                "  edge [color=\"#555555\", arrowsize=0.7];\n");
    add(graph.parts, "", "  ");
    for (const Index op : drawn_)
      for (const Index input : graph.ops[std::size_t(op)].inputs)
        text_ += str("  n", graph.shown(input), " -> n", op, ";\n");
    text_ += "}\n";
  }
  const std::string& text() const { return text_; }

 private:
  void add(const std::vector<nn::GraphPart>& parts, const std::string& member, const std::string& indent) {
    for (const nn::GraphPart& part : parts) {
      if (part.parts.empty()) {
        add_box(part.first, member, indent);
        continue;
      }
      text_ += str(indent, "subgraph cluster_", part.first, "_", part.count, " {\n", indent,
                   "  label=", dot_string(nn::repetition_name(graph_, part, member)),
                   "; labeljust=l; fontsize=12; style=rounded; ", "color=\"#888888\";\n");
      add(part.parts, nn::member_of(graph_, part), indent + "  ");
      text_ += indent + "}\n";
    }
  }

  void add_box(Index number, const std::string& member, const std::string& indent) {
    const nn::GraphOp& op = graph_.ops[std::size_t(number)];
    std::string label;
    for (const std::string& line : box_text(op, member)) label += (label.empty() ? "" : "\n") + line;
    text_ +=
        str(indent, "n", number, " [label=", dot_string(label), ", fillcolor=\"", box_colour(op), "\"];\n");
    drawn_.push_back(number);
  }

  const nn::NetworkGraph& graph_;
  std::string text_;
  std::vector<Index> drawn_;
};

// Runs a program with these arguments, found as the shell finds it. Its exit status; nothing where there is
// no such program.
std::optional<int> status_of(std::vector<std::string> arguments) {
  std::vector<char*> words;
  for (std::string& word : arguments) words.push_back(word.data());
  words.push_back(nullptr);
  pid_t process = 0;
  const int error = posix_spawnp(&process, words[0], nullptr, nullptr, words.data(), environ);
  if (error == ENOENT) return std::nullopt;
  int status = 0;
  if (error != 0 || waitpid(process, &status, 0) < 0) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Whether Graphviz has drawn it.
bool drawn_by_graphviz(const fs::path& file, const std::string& text) {
  const fs::path whole = fs::absolute(file);
  const TemporaryFile source(whole.string() + ".dot.part");
  TemporaryFile drawing(whole.string() + ".part");
  write_whole(whole.string() + ".dot.part", text);
  const std::optional<int> status =
      status_of({"dot", "-Tsvg", "-o", whole.string() + ".part", whole.string() + ".dot.part"});
  if (status && *status == 0 && drawing.rename_to(whole) == 0) return true;
  if (status) std::cerr << "crisp: warning: Graphviz's dot has failed; the network is drawn without it\n";
  return false;
}

}  // namespace

std::string dot_text(const nn::NetworkGraph& graph, const std::string& title) {
  return DotText(graph, title).text();
}

std::string save_drawing(const fs::path& file, const nn::NetworkGraph& graph, const std::string& title) {
  detail::check_target("graph", file);
  const std::string text = dot_text(graph, title);
  if (file.extension() == ".dot") {
    write_file("graph", file, text);
    return "for Graphviz: dot -Tsvg " + file.string();
  }
  if (drawn_by_graphviz(file, text)) return "drawn by Graphviz";
  write_file("graph", file, svg_text(graph, title));
  return "drawn without Graphviz; with it (apt-get install graphviz) wide networks are easier to read";
}

}  // namespace crisp::program
