// The door of a program that is compiled for several kinds of processors (CRISP_DISPATCH): it starts the one for
// this machine, which lies beside it. CRISP_PROCESSOR=x86-64-v3 in the environment chooses another.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int, char** arguments) {
  char place[4096];
  const ssize_t length = readlink("/proc/self/exe", place, sizeof place);
  const std::string here = length > 0 ? std::string(place, std::size_t(length)) : arguments[0];
  const auto start = [&](const std::string& kind) { execv((here + "-" + kind).c_str(), arguments); };

  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  if (const char* chosen = std::getenv("CRISP_PROCESSOR")) {
    start(chosen);
  } else {
    if (v4) start("x86-64-v4");
    if (v3) start("x86-64-v3");
    start("x86-64");
  }
  std::fprintf(stderr, "%s: cannot start the program for this processor, such as %s-x86-64, which should lie beside it\n",
               here.c_str(), here.c_str());
  return 127;
}
