# test: 8g
# says: this is the test for two groups of people
/^inline double paired_t/a std::vector<double> x, y; for (const auto\& r : ratings) x.push_back(r[a]), y.push_back(r[b]); double d = 0; for (std::size_t i = 0; i < x.size(); ++i) d += (x[i] - y[i]) / double(x.size()); return d / std::sqrt((deviation(x) * deviation(x) + deviation(y) * deviation(y)) / double(x.size()));
