// crisp train for the methods that are learnt from examples: no steps, no gradient, no batches.
#pragma once
#include "training.hpp"

namespace crisp::program {

/// Learns the method from the pictures of --train, or of the dictionary that --init names; the results lie in
/// the folder --out. Throws WrongUse for options that have no meaning here, before any work.
void train_from_examples(TrainOptions& o);

}  // namespace crisp::program
