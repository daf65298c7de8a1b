# test: 5c
# says: it is the mean over batches
s/total += loss.item() \* double(end - begin);/total += loss.item();/
s/return total \/ double(order.size());/return total \/ double((order.size() + size - 1) \/ size);/
