// TemporaryFile: a file that is being written under a name of its own. It is removed unless it gets its final
// name: when an error passes, and when a signal ends a program that asked for that.
#pragma once
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>

namespace crisp {
namespace detail {

// The name of a temporary file, where a signal handler finds it: in an array, and changed only while it is
// not listed.
struct TemporaryName {
  enum State { unused, changing, listed };
  std::atomic<State> state = unused;
  char path[4096] = "";
};
inline TemporaryName temporary_names[64];

// nullptr where the name is too long for any file, or all places are taken: then only signals leave the file.
inline TemporaryName* list_name(const std::string& path) {
  if (path.size() >= sizeof(TemporaryName::path)) return nullptr;
  for (TemporaryName& name : temporary_names) {
    TemporaryName::State found = TemporaryName::unused;
    if (!name.state.compare_exchange_strong(found, TemporaryName::changing)) continue;
    path.copy(name.path, path.size());
    name.path[path.size()] = 0;
    name.state = TemporaryName::listed;
    return &name;
  }
  return nullptr;
}

// Not a name that a handler has taken meanwhile: it is about to end the program.
inline void forget_name(TemporaryName* name) {
  TemporaryName::State found = TemporaryName::listed;
  if (name) name->state.compare_exchange_strong(found, TemporaryName::unused);
}

// A signal handler: removes the temporary files, then ends the program as the signal does, so that the exit
// status after Ctrl-C is 130. It calls only what a handler may call.
inline void end_by_signal(int number) {
  for (TemporaryName& name : temporary_names) {
    TemporaryName::State found = TemporaryName::listed;
    if (name.state.compare_exchange_strong(found, TemporaryName::changing)) unlink(name.path);
  }
  signal(number, SIG_DFL);
  raise(number);  // takes effect when the handler returns
}

// nohup and shells start programs so that they do not hear a signal.
inline bool is_ignored(int number) {
  struct sigaction now = {};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace detail

/// From now on Ctrl-C and the other signals that end a program remove its temporary files first. Signals that
/// it was started to ignore stay ignored, as nohup means it, but for Ctrl-C and SIGTERM. For programs, at
/// their beginning.
inline void remove_temporary_files_on_signals() {
  for (const int number : {SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU})
    if (!detail::is_ignored(number)) signal(number, detail::end_by_signal);
  for (const int number : {SIGINT, SIGTERM}) signal(number, detail::end_by_signal);
}

/// The file of this name goes when this object goes.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::filesystem::path path)
      : path_(std::move(path)), name_(detail::list_name(path_.string())) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!kept_) unlink(path_.c_str());
    detail::forget_name(name_);
  }

  /// Makes the file, empty, for writing; the caller closes it. nullptr, with errno, where that is not
  /// possible: then what may lie there is somebody else's, and stays.
  std::FILE* create() {
    std::FILE* const file = std::fopen(path_.c_str(), "wb");
    kept_ = !file;
    return file;
  }

  /// Gives the file its final name. 0, or the error as errno tells it; then the file will be removed.
  int rename_to(const std::filesystem::path& name) {
    if (std::rename(path_.c_str(), name.c_str()) != 0) return errno;
    kept_ = true;
    return 0;
  }

 private:
  std::filesystem::path path_;
  detail::TemporaryName* name_;
  bool kept_ = false;
};

}  // namespace crisp
