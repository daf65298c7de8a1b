// A program of the standard library alone, which bench/compile_time.sh compiles beside crisp's. It is not to
// change: a machine's time for it is the unit in which compile times are compared.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

struct Word {
  std::string text;
  std::vector<int> lines;
};

static std::map<std::string, Word> index_of(const std::string& text) {
  std::map<std::string, Word> words;
  const std::regex word("[A-Za-z_][A-Za-z_0-9]*");
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line); ++number)
    for (std::sregex_iterator i(line.begin(), line.end(), word), end; i != end; ++i) {
      Word& w = words[i->str()];
      w.text = i->str();
      w.lines.push_back(number);
    }
  return words;
}

int main(int argc, char** argv) {
  std::string text;
  for (int i = 0; i < argc; ++i) text += argv[i] + std::string("\n");
  std::vector<std::shared_ptr<Word>> sorted;
  for (const auto& [name, word] : index_of(text)) sorted.push_back(std::make_shared<Word>(word));
  std::sort(sorted.begin(), sorted.end(),
            [](const auto& a, const auto& b) { return a->lines.size() > b->lines.size(); });
  std::unordered_map<std::string, std::function<std::size_t()>> sizes;
  for (const auto& w : sorted) sizes[w->text] = [w] { return w->lines.size(); };
  for (const auto& [name, size] : sizes)
    std::printf("%s %zu\n", std::regex_replace(name, std::regex("_+"), " ").c_str(), size());
}
