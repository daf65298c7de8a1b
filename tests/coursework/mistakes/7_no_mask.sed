# test: 7f
# says: the mask is not added
/if (mask.defined())/d
