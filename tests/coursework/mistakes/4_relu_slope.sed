# test: 4b
# says: the slope of relu is 0 below zero
s/x.value() > 0 ? 1.0 : 0.0/1.0/
