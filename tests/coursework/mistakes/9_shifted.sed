# test: 9d
# says: are the right pixels of each tile kept?
s/part.at(down + i, right + j, c)/part.at(i, j, c)/
