// Drawings of networks: what crisp info --graph writes.
#pragma once
#include "common.hpp"
#include "crisp/nn/network_graph.hpp"

namespace crisp::program {

/// The lines of text in the box of an op: its layer without the member that the boxes around it name, the op,
/// the shape of its result without the batch, and its parameters.
std::vector<std::string> box_text(const nn::GraphOp& op, const std::string& member);

/// The colour of an op's box.
std::string box_colour(const nn::GraphOp& op);

/// The graph in the language of Graphviz's dot.
std::string dot_text(const nn::NetworkGraph& graph, const std::string& title);

/// The graph as SVG, one op below the other, for machines without Graphviz.
std::string svg_text(const nn::NetworkGraph& graph, const std::string& title);

/// Writes the graph as OUT.dot, or as OUT.svg: by Graphviz's dot where that program is found. Returns what
/// drew it, in words. Throws Error.
std::string save_drawing(const fs::path& file, const nn::NetworkGraph& graph, const std::string& title);

}  // namespace crisp::program
