// See study.hpp.
#include "study.hpp"

#include <algorithm>

#include "crisp/core/file.hpp"
#include "crisp/core/random.hpp"
#include "picture.hpp"
#include "request.hpp"

namespace crisp::program {

namespace {

struct Method {
  std::string name;
  fs::path folder;
  std::map<std::string, fs::path> pictures;  // by file name without its ending
};

void check_text(const std::string& what, const std::string& text) {
  const bool plain =
      std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  use(plain && !text.empty(), what, " '", text,
      "' cannot be kept in a CSV file: it must not be empty or hold line breaks");
}

Method method_in(const fs::path& folder, std::string name) {
  if (name.empty()) name = fs::absolute(folder / ".").lexically_normal().parent_path().filename().string();
  check_text("the name of the folder", name);
  Method method{name, folder, {}};
  for (const fs::path& file : images_in("DIR", folder)) {
    check_text("the file name", file.stem().string());
    const auto [other, fresh] = method.pictures.emplace(file.stem().string(), file);
    use(fresh, "'", folder.string(), "' holds ", other->second.filename(), " and ", file.filename(),
        ", which are one name: keep one of them");
  }
  tell_left_out(folder);
  return method;
}

// "a, b, c and 7 more"
std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 5); ++i) text += (i ? ", " : "") + names[i];
  return names.size() > 5 ? str(text, " and ", names.size() - 5, " more") : text;
}

std::string missing(const Method& from, const Method& in) {
  std::vector<std::string> names;
  for (const auto& [name, file] : in.pictures)
    if (!from.pictures.count(name)) names.push_back(name);
  return names.empty() ? "" : str("; '", from.folder.string(), "' lacks ", list(names));
}

PictureSize size_of(const fs::path& file) {
  try {
    return picture_size(read_file("picture", file), file.string());
  } catch (const Error& e) {
    throw WrongUse(e.what());
  }
}

void check_pair(const Method& a, const Method& b) {
  const std::string differences = missing(b, a) + missing(a, b);
  use(differences.empty(), "the folders must hold pictures of the same names", differences,
      "; add what is missing, or take it out of the other folders");
  for (const auto& [name, file] : a.pictures) {
    const PictureSize one = size_of(file), other = size_of(b.pictures.at(name));
    use(one.height == other.height && one.width == other.width, "'", file.string(), "' has ", one.width,
        " x ", one.height, " pixels, '", b.pictures.at(name).string(), "' ", other.width, " x ", other.height,
        ": pictures of one name must be of one size");
  }
}

std::uint64_t hash(const std::string& text) {  // FNV-1a
  std::uint64_t h = 0xcbf29ce484222325ull;
  for (const unsigned char c : text) h = (h ^ c) * 0x100000001b3ull;
  return h;
}

}  // namespace

std::vector<Stimulus> stimuli(const std::vector<fs::path>& folders, const fs::path& original) {
  std::vector<Method> methods;
  for (const fs::path& folder : folders) methods.push_back(method_in(folder, ""));
  if (!original.empty()) methods.push_back(method_in(original, "original"));
  for (std::size_t i = 1; i < methods.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k)
      use(methods[k].name != methods[i].name, "'", methods[k].folder.string(), "' and '",
          methods[i].folder.string(), "' are both the method '", methods[i].name,
          "': rename one of the folders");
    check_pair(methods[0], methods[i]);
  }
  std::vector<Stimulus> all;
  for (const Method& method : methods)
    for (const auto& [picture, file] : method.pictures)
      all.push_back({random_id(), method.name, picture, file});
  return all;
}

std::vector<const Stimulus*> shuffled(const std::vector<Stimulus>& stimuli, std::uint64_t seed,
                                      const std::string& rater) {
  std::vector<const Stimulus*> order;
  for (const Stimulus& s : stimuli) order.push_back(&s);
  Rng rng = Rng(seed).split(hash(rater));
  for (std::size_t i = order.size(); i > 1; --i)
    std::swap(order[i - 1], order[std::size_t(rng.below(Index(i)))]);
  for (std::size_t i = 1; i < order.size(); ++i) {
    const auto other = std::find_if(order.begin() + std::ptrdiff_t(i), order.end(),
                                    [&](const Stimulus* s) { return s->picture != order[i - 1]->picture; });
    if (other != order.end()) std::swap(order[i], *other);
  }
  return order;
}

}  // namespace crisp::program
