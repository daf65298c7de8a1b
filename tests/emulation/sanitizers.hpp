// What the emulation tells the address and the thread sanitizer; nothing without them.
#pragma once
#include <cstddef>

#if defined(__has_feature)  // clang's way to ask
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
extern "C" {
void AnnotateIgnoreReadsBegin(const char*, int);
void AnnotateIgnoreReadsEnd(const char*, int);
void AnnotateIgnoreWritesBegin(const char*, int);
void AnnotateIgnoreWritesEnd(const char*, int);
}
#endif

namespace crisp::emulation {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool address_sanitizer = true;
inline void forbid(const void* p, std::size_t bytes) { __asan_poison_memory_region(p, bytes); }
inline void allow(const void* p, std::size_t bytes) { __asan_unpoison_memory_region(p, bytes); }
#else
constexpr bool address_sanitizer = false;
inline void forbid(const void*, std::size_t) {}
inline void allow(const void*, std::size_t) {}
#endif

// What was done before a signal at a place comes before what is done after the wait for it.
#if defined(__SANITIZE_THREAD__)
constexpr bool thread_sanitizer = true;
inline void signal_at(void* place) { __tsan_release(place); }
inline void wait_at(void* place) { __tsan_acquire(place); }
inline void ignore_from_here() {
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
}
inline void observe_from_here() {
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
}
#else
constexpr bool thread_sanitizer = false;
inline void signal_at(void*) {}
inline void wait_at(void*) {}
inline void ignore_from_here() {}
inline void observe_from_here() {}
#endif

// While it lives, the thread sanitizer does not look: all emulated threads share the emulation's own state.
struct Unobserved {
  Unobserved() { ignore_from_here(); }
  ~Unobserved() { observe_from_here(); }
  Unobserved(const Unobserved&) = delete;
  Unobserved& operator=(const Unobserved&) = delete;
};

}  // namespace crisp::emulation
