# test: 6d
# says: there is a relu after the sum
s/return x + conv2(relu(conv1(x))) \* scale;/return relu(x + conv2(relu(conv1(x))) * scale);/
