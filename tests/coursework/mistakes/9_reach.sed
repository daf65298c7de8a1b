# test: 9b
# says: tiles would have seams
s/return 2 + 1 + 1 + 1;/return 2;/
