# test: 7d
# says: it is 0 everywhere
s/\*to++ = together ? T(0) : T(-100);/*to++ = T(0);/
