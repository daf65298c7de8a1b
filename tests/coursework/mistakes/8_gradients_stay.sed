# test: 8d
# says: the generator's loss leaves gradients in the discriminator
/of_discriminator.zero_grad();/d
