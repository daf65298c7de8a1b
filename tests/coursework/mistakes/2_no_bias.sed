# test: 2d.3
# says: the bias is missing
s/double sum = b\[o\];/double sum = 0;/
