# test: 5e
# says: it is taken on RGB
s/{.shave = scale}/{.shave = scale, .channel = metrics::Channel::rgb}/
