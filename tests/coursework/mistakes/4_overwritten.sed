# test: 4d.2
# says: the gradient is overwritten
s/edge.input->grad += edge.slope/edge.input->grad = edge.slope/
