#include <crisp/crisp.hpp>

crisp::Index answer() { return crisp::Shape({42}).numel(); }
