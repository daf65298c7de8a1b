// The networks of the program, compiled once for each device, here.
#include "crisp/backend/device.hpp"
#include "crisp/models/any_model.hpp"

template class crisp::models::AnyModel<float, crisp::DefaultDevice>;
