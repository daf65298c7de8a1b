# test: 7g
# says: the windows are not shifted
/Var<T, D> attention(const Var/a const Index shift = 0;
