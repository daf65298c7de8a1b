// Everything. For shorter compile times include only the headers that you use.
#pragma once
#include "crisp/backend/cpu.hpp"
#include "crisp/data/image_io.hpp"
#include "crisp/data/dataset.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/infer/evaluate.hpp"
#include "crisp/metrics/ms_ssim.hpp"
#include "crisp/models/srcnn.hpp"
#include "crisp/nn/activation.hpp"
#include "crisp/nn/channel_attention.hpp"
#include "crisp/nn/conv_transpose2d.hpp"
#include "crisp/nn/pixel_shuffle.hpp"
#include "crisp/nn/pool.hpp"
#include "crisp/nn/res_block.hpp"
#include "crisp/nn/rstb.hpp"
#include "crisp/nn/sequential.hpp"
#include "crisp/nn/upsampler.hpp"
#include "crisp/ops/concat.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/optim/clip_grad.hpp"
#include "crisp/optim/ema.hpp"
#include "crisp/optim/schedule.hpp"
#include "crisp/optim/sgd.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "crisp/train/trainer.hpp"

namespace crisp {

using DefaultDevice = Cpu;  // for programs; the library itself never uses it

}  // namespace crisp
