// The dictionaries of tensors in a file of PyTorch's: where they lie, which of them is meant, and its
// tensors.
#pragma once
#include <functional>
#include <set>

#include "crisp/io/host_tensor.hpp"
#include "crisp/io/pickle.hpp"

namespace crisp::io {

/// A dictionary of tensors within a file.
struct StateDict {
  std::string key;                      // where it lies: "params_ema", "nets.generator"; "": it is the file
  std::map<std::string, Shape> shapes;  // of its tensors, by name
  std::size_t place = 0;                // for the reader
};

/// Which of the dictionaries of a file is meant: its place in the list, which has at least one. Throws Error
/// where that is not clear.
using Choice = std::function<std::size_t(const std::vector<StateDict>&)>;

/// "params, params_ema": where the dictionaries lie, at most eight of them.
inline std::string keys_of(const std::vector<StateDict>& all) {
  std::string text;
  for (std::size_t i = 0; i < all.size() && i < 8; ++i) text += (i > 0 ? ", " : "") + all[i].key;
  return all.size() > 8 ? text + ", ..." : text;
}

namespace detail {

inline std::string joined_keys(const std::string& outer, const std::string& inner) {
  return outer.empty() || inner.empty() ? outer + inner : outer + "." + inner;
}

// The shape that a tensor claims to have; a scalar for what can be none. gather() checks all of it.
inline Shape claimed_shape(const PickledTensor& t) {
  const auto fits = [&](Index n) { return n >= 0 && n <= t.elements; };
  const bool right = t.size.size() <= Shape::max_rank && t.elements < Index(1) << 40 &&
                     std::all_of(t.size.begin(), t.size.end(), fits);
  double count = 1;
  for (const Index n : t.size) count *= double(n);
  return right && count < 1e18 ? Shape(std::span<const Index>(t.size)) : Shape();
}

// Looks through dictionaries and short lists for tensors with names. What belongs to an optimizer is left
// out.
class StateDictSearch {
 public:
  StateDictSearch(const std::string& where, const PickleReader& reader) : where_(where), reader_(reader) {}

  std::vector<StateDict> all(std::size_t top) {
    visit(top, "", 0);
    if (found_.empty()) fail(reader_.at(top));
    return std::move(found_);
  }

 private:
  static constexpr std::size_t longest_name = 500;  // of a weight

  void visit(std::size_t place, const std::string& key, int depth) {
    constexpr int deepest = 8;
    constexpr std::size_t few = 16;
    const PickledValue& v = reader_.at(place);
    const bool list = v.kind == PickledValue::list && v.items.size() <= few;
    if (depth > deepest || !(list || v.kind == PickledValue::dictionary)) return;
    if (!seen_.insert(place).second) return;  // a file may hold circles
    if (!list) return visit_dictionary(place, key, depth);
    for (std::size_t i = 0; i < v.items.size(); ++i)
      visit(v.items[i], joined_keys(key, std::to_string(i)), depth + 1);
  }

  void visit_dictionary(std::size_t place, const std::string& key, int depth) {
    const PickledValue& v = reader_.at(place);
    StateDict here{key, {}, place};
    for (std::size_t i = 0; i + 1 < v.items.size(); i += 2) {
      const PickledValue &name = reader_.at(v.items[i]), &value = reader_.at(v.items[i + 1]);
      if (name.kind != PickledValue::text || name.text_value.size() > longest_name) continue;
      if (value.kind == PickledValue::tensor)
        here.shapes.emplace(name.text_value, claimed_shape(value.tensor_value));
      else if (!name.text_value.starts_with("optim"))
        visit(v.items[i + 1], joined_keys(key, name.text_value), depth + 1);
    }
    if (here.shapes.empty()) return;
    check(found_.size() < 1000, where_, "it holds more than 1000 dictionaries of tensors");
    found_.push_back(std::move(here));
  }

  // What the file is instead.
  [[noreturn]] void fail(const PickledValue& top) const {
    const std::string hint =
        "\n  hint: in Python, save the weights alone: torch.save(model.state_dict(), "
        "\"weights.pth\")";
    const bool one = top.kind == PickledValue::object || top.kind == PickledValue::name;
    check(!one, where_, "it holds an object of Python's, ", top.text_value,
          "; crisp reads tensors in dictionaries and executes nothing", hint);
    std::string keys;
    for (std::size_t i = 0; top.kind == PickledValue::dictionary && i + 1 < top.items.size(); i += 2) {
      const PickledValue &name = reader_.at(top.items[i]), &value = reader_.at(top.items[i + 1]);
      if (name.kind != PickledValue::text || keys.size() > 200) continue;
      keys += (keys.empty() ? "" : ", ") + name.text_value.substr(0, 60);
      if (value.kind == PickledValue::object) keys += " (an object of Python's, " + value.text_value + ")";
    }
    throw Error(
        str(where_, "it holds no dictionary of tensors; its keys: ", keys.empty() ? "none" : keys, hint));
  }

  const std::string& where_;
  const PickleReader& reader_;
  std::set<std::size_t> seen_;
  std::vector<StateDict> found_;
};

// The one that lies under the first of the names that people use; else the only one.
inline std::size_t choose_by_name(const std::string& where, const std::vector<StateDict>& all) {
  for (const char* known :
       {"", "params_ema", "params", "state_dict", "model_state_dict", "model", "net", "generator", "netG"})
    for (std::size_t i = 0; i < all.size(); ++i)
      if (all[i].key == known) return i;
  check(all.size() == 1, where, "it holds ", all.size(), " dictionaries of tensors: ", keys_of(all));
  return 0;
}

// "FloatStorage" -> "F32"; empty for what has no counterpart.
inline std::string storage_dtype(const std::string& type) {
  static const std::map<std::string, std::string> dtypes{
      {"DoubleStorage", "F64"}, {"FloatStorage", "F32"}, {"HalfStorage", "F16"},  {"BFloat16Storage", "BF16"},
      {"LongStorage", "I64"},   {"IntStorage", "I32"},   {"ShortStorage", "I16"}, {"CharStorage", "I8"},
      {"ByteStorage", "U8"},    {"BoolStorage", "BOOL"}};
  const auto found = dtypes.find(type);
  return found == dtypes.end() ? "" : found->second;
}

// The bytes of an element of a storage, also of types that are only passed over; 0 for unknown ones.
inline Index storage_width(const std::string& type) {
  static const std::map<std::string, Index> passed_over{
      {"ComplexFloatStorage", 8}, {"ComplexDoubleStorage", 16}, {"QInt8Storage", 1},
      {"QUInt8Storage", 1},       {"QInt32Storage", 4},         {"UntypedStorage", 1}};
  const auto found = passed_over.find(type);
  return found == passed_over.end() ? type_width(storage_dtype(type)) : found->second;
}

// The elements that a tensor has in the bytes of its storage, laid out densely.
inline HostTensor gather(const std::string& here, const PickledTensor& t, const std::string& storage) {
  const std::string dtype = storage_dtype(t.type);
  check(!dtype.empty(), here, "it is of a ", t.type,
        ", which crisp does not read\n  hint: convert it to float32 first");
  const Index width = type_width(dtype), held = Index(storage.size()) / width;
  check(t.size.size() == t.stride.size() && t.size.size() <= Shape::max_rank, here, "it has ", t.size.size(),
        " axes and ", t.stride.size(), " strides");
  Index last = t.offset, count = 1;
  for (std::size_t i = 0; i < t.size.size(); ++i) {
    check(t.size[i] >= 0 && t.stride[i] >= 0 && t.size[i] <= held && t.stride[i] <= held, here, "an axis of ",
          t.size[i], " with a stride of ", t.stride[i], " does not fit its storage of ", held);
    count = t.size[i] == 0 ? 0 : count;
    check(count <= held / std::max<Index>(1, t.size[i]), here, "its shape needs more elements than the ",
          held, " of its storage");
    count *= t.size[i];
    last += (t.size[i] - 1) * t.stride[i];
  }
  check(t.offset >= 0 && (count == 0 || last < held), here, "it ends at element ", last, " of a storage of ",
        held);
  HostTensor result{dtype, Shape(std::span<const Index>(t.size)),
                    std::string(std::size_t(count * width), '\0')};
  std::vector<Index> index(t.size.size(), 0);
  for (Index i = 0; i < count; ++i) {
    Index from = t.offset;
    for (std::size_t k = 0; k < index.size(); ++k) from += index[k] * t.stride[k];
    std::memcpy(result.bytes.data() + i * width, storage.data() + from * width, std::size_t(width));
    for (std::size_t k = index.size(); k-- > 0 && ++index[k] == t.size[k];) index[k] = 0;
  }
  return result;
}

// All tensors of the dictionary that is meant; bytes(t) gives the storage of a tensor.
inline SafeTensors collect(const std::string& where, const PickleReader& reader, std::size_t top,
                           Index file_size, const Choice& choice,
                           const std::function<std::string(const PickledTensor&)>& bytes) {
  const std::vector<StateDict> all = StateDictSearch(where, reader).all(top);
  const StateDict& meant = all.at(choice ? choice(all) : choose_by_name(where, all));
  const PickledValue& dictionary = reader.at(meant.place);
  SafeTensors result;
  Index total = 0;
  for (std::size_t i = 0; i + 1 < dictionary.items.size(); i += 2) {
    const PickledValue &key = reader.at(dictionary.items[i]), &value = reader.at(dictionary.items[i + 1]);
    if (key.kind != PickledValue::text || value.kind != PickledValue::tensor) continue;
    const std::string here = str(where, "'", key.text_value.substr(0, 200), "': ");
    HostTensor t = gather(here, value.tensor_value, bytes(value.tensor_value));
    total += Index(t.bytes.size());
    check(total <= 4 * file_size, here, "the tensors need ", total, " bytes, more than a file of ", file_size,
          " bytes can hold");
    check(result.tensors.emplace(key.text_value, std::move(t)).second, here, "it is named twice");
  }
  if (!meant.key.empty()) result.metadata["taken_from"] = meant.key;
  return result;
}

}  // namespace detail
}  // namespace crisp::io
