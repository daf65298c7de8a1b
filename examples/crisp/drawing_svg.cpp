// svg_text: a network from the top to the bottom. Values that are used further below run in lanes on the
// right.
#include "crisp/report/html.hpp"
#include "drawing.hpp"

namespace crisp::program {

namespace {

constexpr Index line_height = 15, box_width = 210, gap = 20, frame = 14, lane_width = 13;

class SvgText {
 public:
  SvgText(const nn::NetworkGraph& graph, const std::string& title) : graph_(graph) {
    depth_ = depth_of(graph.parts);
    centre_ = 20 + frame * depth_ + box_width / 2;
    y_ = 50;
    add(graph.parts, "", depth_);
    for (std::size_t i = 0; i < boxes_.size(); ++i)
      for (const Index input : graph.ops[std::size_t(boxes_[i].op)].inputs)
        add_arrow(boxes_[place_of_.at(graph.shown(input))], boxes_[i]);
    const Index width = lane_x(Index(lanes_.size())) + 20;
    head_ = str(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width, "\" height=\"", y_, "\" viewBox=\"0 0 ",
        width, " ", y_,
        "\" font-family=\"sans-serif\" font-size=\"11\">\n<style>rect.frame { fill: none; stroke: #888; } "
        "rect.box { stroke: #555; } path { fill: none; stroke: #555; }</style>\n"
        "<marker id=\"tip\" markerWidth=\"8\" markerHeight=\"8\" refX=\"7\" refY=\"4\" orient=\"auto\">"
        "<path d=\"M0,1 L7,4 L0,7 z\" style=\"fill: #555; stroke: none\"/></marker>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
        written("middle", centre_, 28, title, 14));
  }
  std::string text() const { return head_ + body_ + "</svg>\n"; }

 private:
  struct Box {
    Index op, top, bottom;
    Index middle() const { return (top + bottom) / 2; }
  };

  static Index depth_of(const std::vector<nn::GraphPart>& parts) {
    Index depth = 0;
    for (const nn::GraphPart& part : parts)
      if (!part.parts.empty()) depth = std::max(depth, 1 + depth_of(part.parts));
    return depth;
  }

  static std::string written(const char* anchor, Index x, Index y, const std::string& text, int size) {
    return str("<text x=\"", x, "\" y=\"", y, "\" text-anchor=\"", anchor, "\" font-size=\"", size, "\">",
               report::detail::escaped(text), "</text>\n");
  }

  // `wider`: how many frames fit between a box and the edge of the picture.
  void add(const std::vector<nn::GraphPart>& parts, const std::string& member, Index wider) {
    for (const nn::GraphPart& part : parts) {
      if (part.parts.empty()) {
        add_box(part.first, member);
        continue;
      }
      const Index top = y_, half = box_width / 2 + frame * wider;
      y_ += 24;
      add(part.parts, nn::member_of(graph_, part), wider - 1);
      y_ -= gap - 10;
      body_ += str("<rect class=\"frame\" x=\"", centre_ - half, "\" y=\"", top, "\" width=\"", 2 * half,
                   "\" height=\"", y_ - top, "\" rx=\"8\"/>\n");
      body_ += written("start", centre_ - half + 8, top + 15, nn::repetition_name(graph_, part, member), 11);
      y_ += gap;
    }
  }

  void add_box(Index number, const std::string& member) {
    const nn::GraphOp& op = graph_.ops[std::size_t(number)];
    const std::vector<std::string> lines = box_text(op, member);
    const Index height = Index(lines.size()) * line_height + 10;
    place_of_[number] = boxes_.size();
    boxes_.push_back({number, y_, y_ + height});
    body_ += str("<rect class=\"box\" x=\"", centre_ - box_width / 2, "\" y=\"", y_, "\" width=\"", box_width,
                 "\" height=\"", height, "\" rx=\"6\" fill=\"", box_colour(op), "\"/>\n");
    for (std::size_t i = 0; i < lines.size(); ++i)
      body_ += written("middle", centre_, y_ + 16 + Index(i) * line_height, lines[i], 11);
    y_ += height + gap;
  }

  void add_arrow(const Box& from, const Box& to) {
    if (place_of_.at(from.op) + 1 == place_of_.at(to.op)) {
      body_ += str("<path d=\"M", centre_, ",", from.bottom, " V", to.top, "\" marker-end=\"url(#tip)\"/>\n");
      return;
    }
    std::size_t lane = 0;  // the first that is free on this stretch
    while (lane < lanes_.size() && lanes_[lane] > from.middle()) ++lane;
    if (lane == lanes_.size()) lanes_.push_back(0);
    lanes_[lane] = to.middle();
    const Index edge = centre_ + box_width / 2;
    body_ += str("<path d=\"M", edge, ",", from.middle(), " H", lane_x(Index(lane)), " V", to.middle(), " H",
                 edge, "\" marker-end=\"url(#tip)\"/>\n");
  }

  Index lane_x(Index lane) const {
    return centre_ + box_width / 2 + frame * (depth_ + 1) + lane_width * lane;
  }

  const nn::NetworkGraph& graph_;
  Index depth_ = 0, centre_ = 0;
  Index y_ = 0;  // where the next box begins
  std::string head_, body_;
  std::vector<Box> boxes_;
  std::map<Index, std::size_t> place_of_;  // in boxes_, of an op
  std::vector<Index> lanes_;               // how far down each is taken
};

}  // namespace

std::string svg_text(const nn::NetworkGraph& graph, const std::string& title) {
  return SvgText(graph, title).text();
}

}  // namespace crisp::program
