// The command line: the commands of the program, and the options of each. CLI11 reads it. Only options.cpp
// includes CLI11, whose header takes eight seconds to compile.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crisp/core/error.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace crisp::program {

namespace fs = std::filesystem;

/// The command was used wrongly: one line on standard error, exit status 2. Any other Error: exit status 1.
struct WrongUse : Error {
  using Error::Error;
};

/// What was asked for was not built: see few_commands.cpp.
struct LeftOut : Error {
  explicit LeftOut(const std::string& what)
      : Error(what +
              ": this program was built without it, for examples/quickstart.sh\n"
              "  hint: cmake --preset release && cmake --build --preset release builds all commands") {}
};

template <class... Parts>
void use(bool right, const Parts&... parts) {
  if (!right) throw WrongUse(str(parts...));
}

/// An option that was added. What its values must be: each function adds a rule, and the help shows it.
class Option {
 public:
  explicit Option(CLI::Option& option) : option_(&option) {}

  Option& required();
  Option& values(int number);          // exactly so many
  Option& separated_by(char between);  // as in --metrics ifc,nqm; spaces separate too
  Option& pairs();                     // several NAME=VALUE; the first word that is none ends them
  Option& shows_default();             // the value that the variable has now

  Option& range(int from, int to);
  Option& range(Index from, Index to);
  Option& range(double from, double to);
  Option& at_least(Index lowest);
  Option& above_zero();
  Option& one_of(const std::vector<std::string>& words);
  Option& one_of(std::initializer_list<int> numbers);

 private:
  CLI::Option* option_;
};

/// A command of the program, such as crisp train.
class Command {
 public:
  explicit Command(CLI::App& command) : command_(&command) {}

  /// Adds an option. Its value is written to the variable; a vector takes several. A name without dashes is
  /// that of an argument, which is found by its place.
  Option option(const std::string& name, std::string& value, const std::string& help);
  Option option(const std::string& name, fs::path& value, const std::string& help);
  Option option(const std::string& name, int& value, const std::string& help);
  Option option(const std::string& name, Index& value, const std::string& help);
  Option option(const std::string& name, std::uint64_t& value, const std::string& help);
  Option option(const std::string& name, double& value, const std::string& help);
  Option option(const std::string& name, std::vector<std::string>& values, const std::string& help);
  Option option(const std::string& name, std::vector<fs::path>& values, const std::string& help);
  Option option(const std::string& name, std::vector<Index>& values, const std::string& help);
  /// The variable stays empty where the user does not give the option.
  Option option(const std::string& name, std::optional<std::string>& value, const std::string& help);
  Option option(const std::string& name, std::optional<Index>& value, const std::string& help);
  Option option(const std::string& name, std::optional<double>& value, const std::string& help);
  /// An option without a value: it sets the variable.
  void flag(const std::string& name, bool& given, const std::string& help);

  void footer(const std::string& text);             // the end of the help
  void callback(const std::function<void()>& run);  // the work, called when all options have their values

 private:
  CLI::App* command_;
};

/// The program. Each use of it names one command.
class Program {
 public:
  Program(const std::string& name, const std::string& description, const std::string& version);
  ~Program();

  Command command(const std::string& name, const std::string& description);
  /// A command that this program was built without: run() throws LeftOut where the arguments name it.
  void left_out(const std::string& name);
  void footer(const std::string& text);

  /// Reads the arguments and runs the command that they name. False: they ask for the help or the version,
  /// which is printed. Throws WrongUse, and what the command throws.
  bool run(int argc, char** argv);

  /// The command that the arguments name; empty where they name none.
  std::string chosen() const;

 private:
  std::unique_ptr<CLI::App> program_;
  std::vector<std::string> left_out_;
};

}  // namespace crisp::program
