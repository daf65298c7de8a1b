# test: 6e
# says: the long skip connection is missing
s/up(after(y) + h)/up(after(y))/
