# test: 5e
# says: nothing is shaved off
s/{.shave = scale}/{}/
