# test: 1g
# says: the largest value is 255, not 1
s/std::log10(255 \* 255 \//std::log10(1 \//
