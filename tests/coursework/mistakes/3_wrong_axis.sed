# test: 3a
# says: the sum goes over the wrong axis
s/db\[o\] += dy\[at_y(h, v, o, s)\]/db[o] += dy[(o * s.OH() + h) * s.OW() + v]/
