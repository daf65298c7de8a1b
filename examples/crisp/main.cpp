// The crisp program: trains networks, enlarges images, scores methods. One file a command; this one picks it.
#include <csignal>
#include <iostream>
#include <locale>
#include <new>

#include "common.hpp"
#include "crisp/core/temporary_file.hpp"
#include "picture.hpp"
#include "processes.hpp"

namespace {

// At once: what mpirun says at the same time does not come between.
void tell(const std::string& message) { std::cerr << message + "\n"; }

// One line, whatever the text was.
std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::string line;
  for (const char c : text) {
    if (c != '\n') line += c;
    else line += "; ";
  }
  return line;
}

int wrong_use(const std::string& command, const std::string& what) {
  const std::string name = command.empty() ? "crisp" : "crisp " + command;
  tell(name + ": " + one_line(what) + " (see " + name + " --help)");
  return 2;
}

// What was meant for a command, and is none.
std::string no_command(int argc, char** argv) {
  const std::string commands =
      "the commands are train, upscale, evaluate, table, look, export, serve, mos, data, info and forward";
  return argc < 2 ? "give a command: " + commands
                  : "there is no command '" + std::string(argv[1]) + "': " + commands;
}

int failed(const std::string& what) {
  tell("crisp: " + what);
  return 1;
}

int run(int argc, char** argv) {
  crisp::program::use_image_libraries();
  crisp::program::Program program(
      "crisp",
      "crisp makes small images large: it trains super-resolution networks, enlarges images with them,\n"
      "and measures how well they, or plain interpolations, do.",
      std::string("crisp ") + CRISP_VERSION);
  program.footer(
      "Example: crisp train --model srcnn --scale 3 --train synthetic --minutes 3 --out run\n"
      "         crisp upscale --weights run/best.safetensors photo.png large.png\n"
      "Exit status: 0 done, 1 the job failed, 2 the command was used wrongly.");
  crisp::program::add_train(program);
  crisp::program::add_upscale(program);
  crisp::program::add_evaluate(program);
  crisp::program::add_info(program);
  crisp::program::add_forward(program);
  crisp::program::add_export(program);
  crisp::program::add_serve(program);
  crisp::program::add_mos(program);
  crisp::program::add_data(program);
  crisp::program::add_table(program);
  crisp::program::add_look(program);
  try {
    if (!program.run(argc, argv)) return 0;  // the help or the version
    std::cout.flush();
    return std::cout ? 0 : failed("standard output could not be written");
  } catch (const crisp::program::WrongUse& e) {
    const std::string command = program.chosen();
    return wrong_use(command, command.empty() ? no_command(argc, argv) : e.what());
  } catch (const std::bad_alloc&) {
    return failed("there is not enough memory");
  } catch (const std::filesystem::filesystem_error& e) {
    return failed(crisp::str("'", e.path1().string(), "' cannot be read: ", e.code().message()));
  } catch (const std::exception& e) {
    return failed(e.what());
  }
}

// Whether the program was started so that it does not hear SIGHUP, as by nohup. A library may listen to it
// before main: UCX, of Open MPI 5, does, to be debugged. So this is asked before libraries begin.
bool hangup_ignored = false;
#if defined(__linux__)
void ask_hangup(int, char**, char**) { hangup_ignored = crisp::detail::is_ignored(SIGHUP); }
[[gnu::section(".preinit_array"), gnu::used]] void (*before_libraries)(int, char**, char**) = ask_hangup;
#endif

}  // namespace

int main(int argc, char** argv) {
  if (hangup_ignored) std::signal(SIGHUP, SIG_IGN);
  std::locale::global(std::locale::classic());  // numbers have a point, also on the command line
  crisp::remove_temporary_files_on_signals();
  const int status = run(argc, argv);
  crisp::program::end_processes(status);
  return status;
}
