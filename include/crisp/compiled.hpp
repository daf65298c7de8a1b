// What the library crisp::compiled holds: of float on the CPU, the functions that take longest to compile and
// that most programs use. A program which is linked to it compiles them once, and then each change of its own
// in a third of the time. crisp.hpp includes this file where CRISP_COMPILED is defined, as the CMake target
// does. `extern template` is for templates alone, so some functions here are templates of nothing.
#pragma once
#include "crisp/crisp.hpp"

#ifdef CRISP_COMPILES  // in cmake/crispCompiled.cpp
#define CRISP_EXTERN
#else
#define CRISP_EXTERN extern
#endif

namespace crisp {

namespace detail {
using FloatVar = Var<float, Cpu>;
using FloatOperand = Operand<float, Cpu>;
}  // namespace detail

CRISP_EXTERN template detail::FloatVar detail::conv2d(detail::FloatVar, const detail::FloatVar&,
                                                      const detail::FloatVar&, Conv2dOptions, detail::Ending,
                                                      const detail::FloatVar&);
CRISP_EXTERN template detail::FloatVar batch_norm(detail::FloatVar, const detail::FloatOperand&,
                                                  const detail::FloatOperand&,
                                                  const ChannelStatistics<float, Cpu>&, bool, double);
CRISP_EXTERN template detail::FloatVar relu(detail::FloatVar);
CRISP_EXTERN template detail::FloatVar prelu(detail::FloatVar, const detail::FloatOperand&);
CRISP_EXTERN template detail::FloatVar leaky_relu(const detail::FloatVar&, double);
CRISP_EXTERN template detail::FloatVar pixel_shuffle(detail::FloatVar, Index);
CRISP_EXTERN template detail::FloatVar operator+(detail::FloatVar, detail::FloatOperand);
CRISP_EXTERN template detail::FloatVar operator-(detail::FloatVar, detail::FloatOperand);
CRISP_EXTERN template detail::FloatVar operator*(detail::FloatVar, detail::FloatOperand);
CRISP_EXTERN template detail::FloatVar affine(detail::FloatVar, double, double);
CRISP_EXTERN template detail::FloatVar mse_loss(const detail::FloatVar&, const detail::FloatOperand&);
CRISP_EXTERN template detail::FloatVar l1_loss(const detail::FloatVar&, const detail::FloatOperand&);

CRISP_EXTERN template struct nn::Conv2d<float, Cpu>;
CRISP_EXTERN template class optim::Optimizer<float, Cpu>;
CRISP_EXTERN template class optim::Adam<float, Cpu>;

CRISP_EXTERN template void Var<float, Cpu>::backward(const Tensor<float, Cpu>&) const;
CRISP_EXTERN template Processors usable_processors<>();
CRISP_EXTERN template Index usable_memory<>(const std::string&);

CRISP_EXTERN template class data::Batches<float, Cpu>;
CRISP_EXTERN template data::Batches<float, Cpu> data::PatchDataset::batches<Cpu>(data::LoaderOptions) const&;
CRISP_EXTERN template std::vector<data::Image> data::dead_leaves<>(data::DeadLeavesOptions);
CRISP_EXTERN template std::shared_ptr<const data::Pictures> data::stored<>(
    const std::vector<std::filesystem::path>&, const std::filesystem::path&, const data::StoreOptions&);

CRISP_EXTERN template std::vector<data::ImageReader>& data::image_readers<>();
CRISP_EXTERN template data::ImageFolder data::image_folder<>(const std::filesystem::path&);

CRISP_EXTERN template io::SafeTensors io::parse_safetensors<>(const std::string&,
                                                              const std::filesystem::path&);
CRISP_EXTERN template void io::write_safetensors<>(const std::filesystem::path&, const io::SafeTensors&);

}  // namespace crisp

#undef CRISP_EXTERN
