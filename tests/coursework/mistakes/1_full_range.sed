# test: 1f
# says: this is Y in 0..255
s/return 16 + .*/return 0.299 * r + 0.587 * g + 0.114 * b;/
