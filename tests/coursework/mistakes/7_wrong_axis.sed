# test: 7e
# says: the mean goes over the wrong axis
/^inline std::vector<double> normalised/a if (true) { const std::size_t n = x.size() / C; std::vector<double> y(x.size()); for (std::size_t c = 0; c < C; ++c) { double mean = 0, variance = 0; for (std::size_t p = 0; p < n; ++p) mean += x[p * C + c] / double(n); for (std::size_t p = 0; p < n; ++p) variance += (x[p * C + c] - mean) * (x[p * C + c] - mean) / double(n); for (std::size_t p = 0; p < n; ++p) y[p * C + c] = (x[p * C + c] - mean) / std::sqrt(variance + 1e-5); } return y; }
