# test: 9c
# says: a tile reads beyond the picture
s/std::min(H, bottom + halo)/bottom + halo/
