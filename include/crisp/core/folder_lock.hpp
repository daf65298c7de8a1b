// FolderLock: a folder that one process alone writes into. The lock goes with the process, however it ends.
#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "crisp/core/error.hpp"

namespace crisp {

/// Holds the file `.lock` of a folder. It is of no use on file systems without locks, where none is taken.
class FolderLock {
 public:
  /// `what` goes on there, for the message: "another training". Throws Error that begins with `who` where
  /// another process has the folder, and names it.
  FolderLock(const std::string& who, const std::string& what, const std::filesystem::path& folder)
      : path_(folder / ".lock") {
    do {
      forget();
      file_ = open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0644);
      if (file_ < 0) return;  // what is wrong with the folder is said where files are written
      const bool taken = flock(file_, LOCK_EX | LOCK_NB) == 0;
      if (!taken && errno == EWOULDBLOCK) {
        const std::string other = process();
        forget();
        throw Error(str(who, ": ", what, " writes into '", folder.string(), "' (process ", other,
                        ")\n  hint: wait for it, or choose another folder"));
      }
    } while (!holds());
    const std::string id = str(getpid(), "\n");
    if (ftruncate(file_, 0) != 0 || write(file_, id.data(), id.size()) < 0) return;  // then it is not named
  }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock() {
    if (file_ >= 0 && holds()) unlink(path_.c_str());
    forget();
  }

  /// False once the folder or its lock was removed, or moved, and perhaps another one made in its place.
  bool holds() const {
    if (file_ < 0) return true;  // no locks here
    struct stat mine = {}, there = {};
    return fstat(file_, &mine) == 0 && stat(path_.c_str(), &there) == 0 && mine.st_ino == there.st_ino &&
           mine.st_dev == there.st_dev;
  }

 private:
  // Who has just taken the lock may not have written its number yet.
  std::string process() const {
    for (int tries = 0; tries < 50; ++tries) {
      char text[32] = "";
      const ssize_t size = pread(file_, text, sizeof text - 1, 0);
      const std::string id(text, size > 0 ? std::size_t(size) : 0);
      if (const std::size_t end = id.find('\n'); end != id.npos) return id.substr(0, end);
      usleep(2000);
    }
    return "unknown";
  }
  void forget() {
    if (file_ >= 0) close(file_);
    file_ = -1;
  }

  std::filesystem::path path_;
  int file_ = -1;
};

}  // namespace crisp
