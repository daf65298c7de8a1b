# test: 2c
# says: the kernel is turned by 180 degrees
s/w\[((o \* s.K + i) \* s.K + j) \* s.C + c\]/w[((o * s.K + s.K - 1 - i) * s.K + s.K - 1 - j) * s.C + c]/
