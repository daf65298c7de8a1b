# test: 3d
# says: it overwrites what was there
/^inline void add_bias_gradient/a db.assign(db.size(), 0.0);
