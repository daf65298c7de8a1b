# test: 6a
# says: i and j are exchanged
s/const Index j = channel % r, i = channel \/ r % r/const Index i = channel % r, j = channel \/ r % r/
