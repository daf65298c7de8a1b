# test: 6b
# says: the channels are in the order (i, j, c)
s/const Index C = channels \/ (r \* r)/&/
s/const Place to = place_of(h, w, channel, r);/const Place to{r * h + channel \/ C \/ r, r * w + channel \/ C % r, channel % C};/
