# test: 9a
# says: the budget is 60,000
s/second{32, 32, 3}, third{32, 32, 3}/second{32, 32, 9}, third{32, 32, 3}/
