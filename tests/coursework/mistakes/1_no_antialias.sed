# test: 1e.2
# says: that is bicubic without antialiasing
s/const double wide = .*/const double wide = 1;/
