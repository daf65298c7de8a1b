# test: 2d.3
# says: the weight is read as (O, C, K, K)
s/w\[((o \* s.K + i) \* s.K + j) \* s.C + c\]/w[((o * s.C + c) * s.K + i) * s.K + j]/
