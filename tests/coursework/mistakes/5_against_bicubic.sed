# test: 5f
# says: the network is compared with bicubic
s/score(hr, sr, scale)}/score(bicubic, sr, scale)}/
