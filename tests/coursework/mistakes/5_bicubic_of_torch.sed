# test: 5b
# says: this is PyTorch's bicubic
s/data::enlarge(data::reduce(hr, scale), scale)/data::enlarge(data::reduce(hr, scale, Resampling::bicubic_torch), scale, Resampling::bicubic_torch)/
