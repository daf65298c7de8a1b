# test: 8b
# says: the labels are exchanged
s/discriminator(hr), 1)/discriminator(hr), 0)/
s/discriminator(fake.detach()), 0)/discriminator(fake.detach()), 1)/
