// The pages of the program, as text: examples/crisp/pages/*.html, put into the program when it is built.
#pragma once

namespace crisp::program::pages {

extern const char* const serve;
extern const char* const mos;

}  // namespace crisp::program::pages
