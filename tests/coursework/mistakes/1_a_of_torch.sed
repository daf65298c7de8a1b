# test: 1c
# says: this is a = -0.75, as in PyTorch
s/const double a = -0.5;/const double a = -0.75;/
