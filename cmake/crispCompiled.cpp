// crisp::compiled: see crisp/compiled.hpp.
#define CRISP_COMPILES
#include <crisp/compiled.hpp>
