# test: 7f
# says: the relative position bias is not added
s/ \/ std::sqrt(double(q\[2\])) + bias;/ \/ std::sqrt(double(q[2]));/
