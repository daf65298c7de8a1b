# test: 2a
# says: padding lies on both sides
s/n + 2 \* s.padding/n + s.padding/
