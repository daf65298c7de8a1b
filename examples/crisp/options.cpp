// See options.hpp.
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>

#include "crisp/core/finite.hpp"
#include "crisp/core/text.hpp"

namespace crisp::program {

namespace {

constexpr const char* pair = "NAME=VALUE";  // the type of options that take several of these

}  // namespace

Option& Option::required() { return option_->required(), *this; }
Option& Option::values(int number) { return option_->expected(number), *this; }
Option& Option::separated_by(char between) { return option_->delimiter(between), *this; }
Option& Option::pairs() {
  const auto wrong = [](const std::string& text) {
    const std::size_t equal = text.find('=');
    const bool right = equal != std::string::npos && equal > 0;
    return right ? "" : "it takes NAME=VALUE, such as features=32, not '" + text + "'";
  };
  option_->type_name(pair)->allow_extra_args(false)->check(CLI::Validator(wrong, ""));
  return *this;
}
Option& Option::shows_default() { return option_->capture_default_str(), *this; }

Option& Option::range(int from, int to) { return option_->check(CLI::Range(from, to)), *this; }
Option& Option::range(Index from, Index to) { return option_->check(CLI::Range(from, to)), *this; }
Option& Option::range(double from, double to) { return option_->check(CLI::Range(from, to)), *this; }

Option& Option::at_least(Index lowest) {
  CLI::Validator rule = CLI::Range(lowest, std::numeric_limits<Index>::max());
  rule.description(std::to_string(lowest) + " or more");
  option_->check(rule);
  return *this;
}

Option& Option::above_zero() {
  const auto wrong = [](const std::string& text) {
    const double value = number_of(text).value_or(0);
    const bool right = is_finite(value) && value > 0;
    return right ? "" : "it must be a number above 0, not '" + text + "'";
  };
  option_->check(CLI::Validator(wrong, "above 0"));
  return *this;
}

Option& Option::one_of(const std::vector<std::string>& words) {
  option_->check(CLI::IsMember(words));
  return *this;
}
Option& Option::one_of(std::initializer_list<int> numbers) {
  option_->check(CLI::IsMember(std::vector<int>(numbers)));
  return *this;
}

namespace {

template <class Value>
Option add(CLI::App& command, const std::string& name, Value& value, const std::string& help) {
  return Option(*command.add_option(name, value, help));
}

}  // namespace

using Text = const std::string&;
using Texts = std::vector<std::string>;
using Paths = std::vector<fs::path>;
using Numbers = std::vector<Index>;
using Unsigned = std::uint64_t;
using MaybeText = std::optional<std::string>;
using MaybeNumber = std::optional<Index>;
using MaybeReal = std::optional<double>;
Option Command::option(Text name, std::string& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, fs::path& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, int& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, Index& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, Unsigned& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, double& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, Texts& values, Text help) { return add(*command_, name, values, help); }
Option Command::option(Text name, Paths& values, Text help) { return add(*command_, name, values, help); }
Option Command::option(Text name, Numbers& values, Text help) { return add(*command_, name, values, help); }
Option Command::option(Text name, MaybeText& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, MaybeNumber& value, Text help) { return add(*command_, name, value, help); }
Option Command::option(Text name, MaybeReal& value, Text help) { return add(*command_, name, value, help); }

void Command::flag(Text name, bool& given, Text help) { command_->add_flag(name, given, help); }
void Command::footer(Text text) { command_->footer(text); }
void Command::callback(const std::function<void()>& run) { command_->callback(run); }

namespace {

// Whether the word is the name of an option of pairs, in any command.
bool takes_pairs(CLI::App& program, const std::string& word) {
  for (const CLI::App* command : program.get_subcommands({}))
    if (const CLI::Option* option = command->get_option_no_throw(word); option && word.starts_with("--"))
      if (option->get_type_name() == pair) return true;
  return false;
}

// "--set a=1 b=2 OUTPUT" becomes "--set a=1 --set b=2 OUTPUT": the first word that is no pair is not taken.
std::vector<std::string> pairs_apart(CLI::App& program, const std::vector<std::string>& words) {
  std::vector<std::string> apart;
  std::string option;  // of pairs, while these are read
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") {
      apart.insert(apart.end(), words.begin() + std::ptrdiff_t(i), words.end());
      break;
    }
    const bool is_pair = word[0] != '-' && word.find('=') != std::string::npos;
    if (is_pair && !option.empty() && apart.back() != option) apart.push_back(option);
    const std::string name = word.substr(0, word.find('='));
    if (takes_pairs(program, name)) option = name;
    else if (!is_pair) option.clear();
    apart.push_back(word);
  }
  return apart;
}

}  // namespace

Program::Program(Text name, Text description, Text version)
    : program_(std::make_unique<CLI::App>(description, name)) {
  program_->set_version_flag("--version", version);
  program_->require_subcommand(1);
}
Program::~Program() = default;

Command Program::command(Text name, Text description) {
  return Command(*program_->add_subcommand(name, description));
}
void Program::left_out(Text name) { left_out_.push_back(name); }
void Program::footer(Text text) { program_->footer(text); }

bool Program::run(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "";
  if (std::find(left_out_.begin(), left_out_.end(), first) != left_out_.end())
    throw LeftOut("crisp " + first);
  try {
    std::vector<std::string> words = pairs_apart(*program_, {argv + 1, argv + argc});
    std::reverse(words.begin(), words.end());  // as CLI11 wants them
    program_->parse(std::move(words));
    return true;
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() != 0) throw WrongUse(e.what());
    program_->exit(e);  // prints the help or the version
    return false;
  }
}

std::string Program::chosen() const {
  const std::vector<CLI::App*> commands = program_->get_subcommands();
  return commands.empty() ? "" : commands[0]->get_name();
}

}  // namespace crisp::program
