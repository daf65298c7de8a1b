// A file within the executable: the assembler takes its bytes as they are, in no time. This is the only place
// that says how. MSVC has no such assembler: its program comes without networks (examples/CMakeLists.txt).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace crisp::program {

/// A file of weights/: its name without the ending, and its bytes.
struct EmbeddedFile {
  std::string name;
  std::string_view bytes;
};
const std::vector<EmbeddedFile>& embedded_weights();  // written by CMake, in the order of the names

}  // namespace crisp::program

#if defined(__APPLE__)
#define CRISP_EMBED_BEGIN ".const_data\n"
#define CRISP_EMBED_END ".text\n"
#define CRISP_EMBED_SYMBOL(name) "_" #name
#else
#define CRISP_EMBED_BEGIN ".pushsection .rodata\n"
#define CRISP_EMBED_END ".popsection\n"
#define CRISP_EMBED_SYMBOL(name) #name
#endif

#define CRISP_EMBED_LABEL(name) ".globl " CRISP_EMBED_SYMBOL(name) "\n" CRISP_EMBED_SYMBOL(name) ":\n"

// Declares name_begin and name_end, between which the bytes of the file at the path lie.
#define CRISP_EMBED(name, path)                                                                         \
  extern "C" const char name##_begin[], name##_end[];                                                   \
  __asm__(CRISP_EMBED_BEGIN CRISP_EMBED_LABEL(name##_begin) ".incbin \"" path "\"\n" CRISP_EMBED_LABEL( \
      name##_end) CRISP_EMBED_END);
