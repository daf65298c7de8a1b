# test: 2b
# says: the edge is repeated
s/if (h < 0 .*/h = h < 0 ? 0 : (h >= s.H ? s.H - 1 : h), w = w < 0 ? 0 : (w >= s.W ? s.W - 1 : w);/
