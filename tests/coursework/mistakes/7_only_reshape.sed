# test: 7a
# says: reshape alone keeps the order of the pixels
s/return reshape(permute(reshape(x, {H \/ M, M, W \/ M, M, C}), {0, 2, 1, 3, 4}), /return reshape(x, /
