// Files: what the system refuses is told in its words; what was begun is not left behind, whatever ends it.
#include "crisp/core/file.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

#include "crisp/core/folder_lock.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
namespace fs = std::filesystem;

namespace {

// While it lives, the program has the rights of nobody, if it is root's.
struct AsNobody {
  const bool was_root = geteuid() == 0;
  AsNobody() { REQUIRE((!was_root || seteuid(65534) == 0)); }
  ~AsNobody() { CHECK((!was_root || seteuid(0) == 0)); }
};

// The signal by which another process ends that begins a file and sends itself the signal, or -1.
template <class F>
int ended_by(const F& f) {
  const pid_t child = fork();
  if (child == 0) {
    f();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -1;
}

}  // namespace

TEST_CASE("a file that cannot be read is told in the system's words") {
  const TemporaryFolder folder;
  fs::permissions(folder.path, fs::perms::all);
  const fs::path file = folder.path / "file", locked = folder.path / "locked";
  write_file("test", file, "text");
  CHECK(read_file("test", file) == "text");
  fs::create_directory(locked);
  write_file("test", locked / "inside", "text");
  CHECK_ERROR(read_file("test", folder.path / "none"), "test: there is no file '");
  CHECK_ERROR(read_file("test", file / "below"), "there is no file");
  CHECK_ERROR(read_file("test", folder.path), "is not a file");
  CHECK_ERROR(read_file("test", folder.path / std::string(300, 'n')), "cannot be read: File name too long");
  fs::create_symlink("loop", folder.path / "loop");
  CHECK_ERROR(read_file("test", folder.path / "loop"), "cannot be read: Too many levels of symbolic links");
  fs::permissions(file, fs::perms::none);
  fs::permissions(locked, fs::perms::none);
  {
    const AsNobody nobody;
    CHECK_ERROR(read_file("test", file), "file' cannot be read: Permission denied");
    CHECK_ERROR(read_file("test", locked / "inside"), "inside' cannot be read: Permission denied");
    CHECK_ERROR(write_file("test", locked / "new", "text"), "new' cannot be written: Permission denied");
  }
  fs::permissions(locked, fs::perms::owner_all);
}

TEST_CASE("a file that cannot be written is told in the system's words, and nothing is left") {
  const TemporaryFolder folder;
  const fs::path file = folder.path / "file", part = folder.path / "file.part";
  write_file("test", file, "old");
  CHECK_ERROR(write_file("test", folder.path / "none" / "x", "new"),
              "cannot be written: No such file or directory");
  CHECK_ERROR(write_file("test", file / "x", "new"), "cannot be written: Not a directory");
  CHECK_ERROR(write_file("test", folder.path / std::string(300, 'n'), "new"),
              "cannot be written: File name too long");
  CHECK_ERROR(write_file("test", folder.path, "new"), "is a folder");
  const fs::path pipe = folder.path / "pipe";  // or a device
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_ERROR(write_file("test", pipe, "new"), "pipe' is not a file");
  CHECK(fs::is_fifo(pipe));
  if (fs::exists("/dev/full")) {  // behind the name under which the file is prepared
    fs::create_symlink("/dev/full", part);
    const std::string bytes(100000, 'n');
    CHECK_ERROR(write_file("test", file, bytes), "writing the 100000 bytes of");
    CHECK_FALSE(fs::exists(fs::symlink_status(part)));
    fs::create_symlink("/dev/full", part);
    CHECK_ERROR(write_file("test", file, "n"), "' failed: No space left on device");
    CHECK_FALSE(fs::exists(fs::symlink_status(part)));
  }
  fs::create_directory(part);  // of somebody else
  CHECK_ERROR(write_file("test", file, "new"), "cannot be written: Is a directory");
  CHECK(fs::is_directory(part));
  CHECK(read_file("test", file) == "old");
}

TEST_CASE("a temporary file goes at the end of its scope, by a signal, and not once it has its name") {
  const TemporaryFolder folder;
  const fs::path part = folder.path / "x.part", whole = folder.path / "x";
  const auto begun = [&](TemporaryFile& file) { std::fclose(file.create()); };
  {
    TemporaryFile file(part);
    begun(file);
    CHECK(fs::exists(part));
  }
  CHECK_FALSE(fs::exists(part));
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT}) {
    CHECK(ended_by([&] {
            signal(number, SIG_DFL);
            remove_temporary_files_on_signals();
            TemporaryFile file(part), other(whole);
            begun(file);
            begun(other);
            raise(number);
          }) == number);
    CHECK(fs::is_empty(folder.path));
  }
  const auto ignoring_hangup = [&] {
    signal(SIGHUP, SIG_IGN);
    remove_temporary_files_on_signals();
    TemporaryFile file(part);
    begun(file);
    raise(SIGHUP);
    file.rename_to(whole);
    raise(SIGTERM);
  };
  CHECK(ended_by(ignoring_hangup) == SIGTERM);
  CHECK(fs::exists(whole));
  CHECK_FALSE(fs::exists(part));
}

TEST_CASE("more temporary files than are listed for signals") {
  const TemporaryFolder folder;
  {
    std::vector<std::unique_ptr<TemporaryFile>> files;
    for (int i = 0; i < 100; ++i) {
      files.push_back(std::make_unique<TemporaryFile>(folder.path / std::to_string(i)));
      std::fclose(files.back()->create());
    }
  }
  CHECK(fs::is_empty(folder.path));
  TemporaryFile missing(folder.path / std::string(5000, 'n'));
  CHECK(missing.create() == nullptr);
}

TEST_CASE("a folder is locked for one at a time, and free again afterwards") {
  const TemporaryFolder folder;
  const auto lock = [&] { return FolderLock("train", "another training", folder.path); };
  const std::string refusal =
      str("train: another training writes into '", folder.path.string(), "' (process ", getpid(), ")");
  for (int i = 0; i < 3; ++i) {
    const auto held = lock();
    for (int k = 0; k < 3; ++k) CHECK_ERROR(lock(), refusal);
  }
  CHECK(std::filesystem::is_empty(folder.path));
  std::ofstream(folder.path / ".lock") << "12345\n";  // of a process that was killed
  const auto held = lock();
  CHECK_ERROR(lock(), refusal);
  CHECK(error_of([] { FolderLock("train", "another training", "/no/such/folder"); }) == "no error");
}

TEST_CASE("a lock whose folder was removed says so, and leaves a new one alone") {
  const TemporaryFolder folder;
  const auto inner = folder.path / "run";
  std::filesystem::create_directory(inner);
  std::optional<FolderLock> first(std::in_place, "train", "another training", inner);
  CHECK(first->holds());
  std::filesystem::remove_all(inner);
  CHECK_FALSE(first->holds());
  std::filesystem::create_directory(inner);
  const FolderLock second("train", "another training", inner);
  CHECK_FALSE(first->holds());
  first.reset();
  CHECK(second.holds());
}
