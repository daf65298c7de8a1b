# test: 1g
# says: nothing is shaved off
/^inline double psnr/a shave = 0;
