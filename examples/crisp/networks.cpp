// The networks of the program, compiled once, here.
#include "crisp/backend/cpu.hpp"
#include "crisp/models/any_model.hpp"

template class crisp::models::AnyModel<float, crisp::Cpu>;
