# test: 8f
# says: the squares are divided by n; for a sample by n - 1
s/double(x.size() - 1))/double(x.size()))/
