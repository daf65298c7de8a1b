# test: 3c
# says: the kernel is not turned
/^inline void add_input_gradient/,$s/w\[at_w(o, i, j, c, s)\];$/w[at_w(o, s.K - 1 - i, s.K - 1 - j, c, s)];/
