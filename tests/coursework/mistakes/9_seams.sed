# test: 9d
# says: the tiles have seams
s/tiles_of(x.height, x.width, side, halo)/tiles_of(x.height, x.width, side, 0)/
