# test: 4d.2
# says: a node passes its gradient on before it is complete
/^inline void backward/i inline void pass_on(const Node& node) { for (const Edge& edge : node.inputs) { edge.input->grad += edge.slope * node.grad; pass_on(*edge.input); } }
/^inline void backward/a loss.node->grad = 1; pass_on(*loss.node); return;
