# test: 6d
# says: the input is not added
s/return x + conv2(relu(conv1(x))) \* scale;/return conv2(relu(conv1(x))) * scale;/
