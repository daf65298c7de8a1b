# test: 5a
# says: the network is linear
s/conv3(relu(conv2(relu(conv1(x)))))/conv3(conv2(conv1(x)))/
