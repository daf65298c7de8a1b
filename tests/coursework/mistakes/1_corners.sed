# test: 1b
# says: the corners are aligned
s/const double v = (i + 0.5) .*/const double v = i * (m.height - 1.0) \/ (y.height - 1), u = j * (m.width - 1.0) \/ (y.width - 1);/
