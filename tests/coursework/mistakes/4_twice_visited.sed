# test: 4c
# says: a node that was seen before must not come again
s/if (!seen.insert(node.get()).second) return;/if (order.size() > 100) return;/
