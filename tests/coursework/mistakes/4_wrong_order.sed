# test: 4c
# says: a node comes before its inputs
s/order.push_back(node);$/order.insert(order.begin(), node);/
