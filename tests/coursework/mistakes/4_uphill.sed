# test: 4e
# says: it goes uphill
s/->value -= rate/->value += rate/
