/* For LD_PRELOAD: from the FAIL_AT-th on, FAIL_COUNT openings or writings of a `.part` file fail with the error FAIL_WITH. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int number_of(const char* name) { return getenv(name) ? atoi(getenv(name)) : 0; }

static int fails(void) {
  static int calls = 0;
  const int at = number_of("FAIL_AT"), now = ++calls;
  if (now < at || now >= at + number_of("FAIL_COUNT")) return 0;
  errno = number_of("FAIL_WITH");
  return 1;
}

static int is_part(const char* path) {
  const size_t size = strlen(path);
  return size > 5 && strcmp(path + size - 5, ".part") == 0;
}

static FILE* opened(const char* symbol, const char* path, const char* mode) {
  FILE* (*next)(const char*, const char*) = (FILE * (*)(const char*, const char*)) dlsym(RTLD_NEXT, symbol);
  return is_part(path) && fails() ? NULL : next(path, mode);
}
FILE* fopen(const char* path, const char* mode) { return opened("fopen", path, mode); }
FILE* fopen64(const char* path, const char* mode) { return opened("fopen64", path, mode); }

size_t fwrite(const void* from, size_t size, size_t count, FILE* file) {
  size_t (*next)(const void*, size_t, size_t, FILE*) = (size_t(*)(const void*, size_t, size_t, FILE*))dlsym(RTLD_NEXT, "fwrite");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fileno(file));
  const ssize_t length = readlink(link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = 0;
  return is_part(path) && fails() ? 0 : next(from, size, count, file);
}
