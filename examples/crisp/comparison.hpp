// A picture that shows what a network has done: bicubic beside the network, and the details where they differ
// most.
#pragma once
#include "crisp/data/image.hpp"

namespace crisp::program {

/// input: the small image; result: the same, `scale` times as large. Alpha is left out. -> RGB, to be written
/// as a file.
data::Image comparison(const data::Image& input, const data::Image& result, Index scale,
                       const std::string& name);

}  // namespace crisp::program
