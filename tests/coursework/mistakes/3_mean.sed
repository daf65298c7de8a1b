# test: 3a
# says: it is the mean over the pixels
s/db\[o\] += dy\[at_y(h, v, o, s)\]/db[o] += dy[at_y(h, v, o, s)] \/ (s.OH() * s.OW())/
