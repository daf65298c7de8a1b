# test: 7f
# says: the scale is missing
s/ \/ std::sqrt(double(q\[2\]))//
