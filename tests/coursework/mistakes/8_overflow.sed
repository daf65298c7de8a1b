# test: 8a
# says: exp overflows
s/return std::max(x, 0.0) - t \* x + .*/return std::log(1 + std::exp(x)) - t * x;/
