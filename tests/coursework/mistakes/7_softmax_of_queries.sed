# test: 7f
# says: softmax goes over the queries
s/return matmul(softmax(scores), v);/return matmul(permute(softmax(permute(scores, {0, 2, 1})), {0, 2, 1}), v);/
