# test: 8c
# says: the adversarial loss does not reach the generator
s/bce_with_logits_loss(discriminator(fake), 1) \* 1e-3/bce_with_logits_loss(discriminator(fake.detach()), 1) * 1e-3/
