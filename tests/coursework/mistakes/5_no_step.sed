# test: 5c
# says: is there a call of adam.step()?
/adam.step();/d
