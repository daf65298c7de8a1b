# test: 5a
# says: is each layer in CRISP_PARAMS?
s/CRISP_PARAMS(conv1, conv2, conv3)/CRISP_PARAMS(conv1, conv2)/
