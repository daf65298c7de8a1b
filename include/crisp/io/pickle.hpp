// A reader of the part of Python's pickle format that a PyTorch state dict needs: it builds plain values and
// executes nothing. The opcodes are those of pickletools in Python's library; anything else is refused by its
// name.
#pragma once
#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "crisp/core/error.hpp"

namespace crisp::io {

/// Part of a storage, as torch._utils._rebuild_tensor_v2 describes it; nothing about it has been checked
/// against the storage.
struct PickledTensor {
  std::string type = {}, storage = {};  // "FloatStorage", and the key of its bytes
  Index elements = 0;                   // of the storage
  Index offset = 0;
  std::vector<Index> size = {}, stride = {};
};

/// None, integer, real number, text, tuple or list, dictionary, name (of a class or function), storage or
/// tensor. Values refer to each other by their place in PickleReader::values, as a file may hold circles.
struct PickledValue {
  enum Kind { none, number, real, text, list, dictionary, name, tensor } kind = none;
  Index number_value = 0;
  std::string text_value = {};          // of text, and of a name: "torch FloatStorage"
  std::vector<std::size_t> items = {};  // of a list; of a dictionary key, value, key, value, ...
  PickledTensor tensor_value = {};      // of a tensor, and of a storage, whose size is empty
};

class PickleReader {
 public:
  /// `where` begins every message.
  PickleReader(std::string where, std::string_view bytes) : where_(std::move(where)), bytes_(bytes) {}

  /// Reads one pickle, from the current place to its STOP, and returns its value. Throws Error.
  std::size_t read() {
    stack_.clear();
    marks_.clear();
    memo_.clear();
    while (true) {
      const auto op = static_cast<unsigned char>(take(1)[0]);
      if (op == '.') break;
      step(op);
    }
    return pop();
  }

  const PickledValue& at(std::size_t i) const { return values_[i]; }
  std::size_t count() const { return values_.size(); }  // of all values so far
  std::size_t place() const { return at_; }             // after the last pickle

 private:
  using Kind = PickledValue::Kind;

  [[noreturn]] void fail(const std::string& what) const { throw Error(str(where_, what)); }

  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - at_)
      fail(str("its pickle ends too early: ", count, " bytes were expected at byte ", at_, " of ",
               bytes_.size()));
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  Index integer(std::size_t count) {  // little-endian, without sign
    const std::string_view b = take(count);
    std::uint64_t v = 0;
    for (std::size_t i = count; i-- > 0;) v = v << 8 | static_cast<unsigned char>(b[i]);
    if (v > std::uint64_t(1) << 62) fail(str("the number ", v, " at byte ", at_ - count, " is too large"));
    return Index(v);
  }
  std::string line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail(str("a line that begins at byte ", at_, " has no end"));
    const std::string text(take(end - at_));
    take(1);
    return text;
  }

  std::size_t push(PickledValue v) {
    if (values_.size() >= 1000000)
      fail("its pickle holds more than a million values, which no state dict does");
    values_.push_back(std::move(v));
    stack_.push_back(values_.size() - 1);
    return stack_.back();
  }
  void push_number(Index n) { push({.kind = Kind::number, .number_value = n}); }
  void push_text(std::string_view t) { push({.kind = Kind::text, .text_value = std::string(t)}); }
  std::size_t pop() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back()))
      fail(str("its pickle takes a value that is not there, at byte ", at_));
    const std::size_t i = stack_.back();
    stack_.pop_back();
    return i;
  }
  std::size_t top() {
    const std::size_t i = pop();
    stack_.push_back(i);
    return i;
  }
  std::vector<std::size_t> since_mark() {
    if (marks_.empty()) fail(str("its pickle ends a group that did not begin, at byte ", at_));
    std::vector<std::size_t> items(stack_.begin() + std::ptrdiff_t(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  void push_list(std::vector<std::size_t> items) { push({.kind = Kind::list, .items = std::move(items)}); }
  void push_tuple(std::size_t count) {
    std::vector<std::size_t> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push_list(std::move(items));
  }
  PickledValue& expect(std::size_t i, Kind kind, const char* what) {
    if (values_[i].kind != kind)
      fail(str("its pickle has something else where ", what, " is expected, before byte ", at_));
    return values_[i];
  }
  void add(Kind kind, const std::vector<std::size_t>& items) {  // to the list or dictionary on top
    if (kind == Kind::dictionary && items.size() % 2)
      fail(str("its pickle has a key without a value, before byte ", at_));
    auto& to = expect(top(), kind, kind == Kind::list ? "a list" : "a dictionary").items;
    to.insert(to.end(), items.begin(), items.end());
  }

  void step(unsigned char op) {
    switch (op) {
      case 0x80:
        take(1);
        break;  // PROTO
      case 0x95:
        take(8);
        break;  // FRAME
      case '(':
        marks_.push_back(stack_.size());
        break;  // MARK
      case 'a':
        add(Kind::list, {pop()});
        break;  // APPEND
      case 'e':
        add(Kind::list, since_mark());
        break;  // APPENDS
      case 's':
        set_item();
        break;  // SETITEM
      case 'u':
        add(Kind::dictionary, since_mark());
        break;  // SETITEMS
      case '0':
        pop();
        break;  // POP
      case 'q':
        memo_[integer(1)] = top();
        break;  // BINPUT
      case 'r':
        memo_[integer(4)] = top();
        break;  // LONG_BINPUT
      case 0x94:
        memoize();
        break;  // MEMOIZE
      case 'h':
        recall(integer(1));
        break;  // BINGET
      case 'j':
        recall(integer(4));
        break;  // LONG_BINGET
      case 'c':
        global();
        break;  // GLOBAL
      case 0x93:
        stack_global();
        break;  // STACK_GLOBAL
      case 'Q':
        storage_on_top();
        break;  // BINPERSID
      case 'R':
        reduce();
        break;  // REDUCE
      case 'b':
        pop(), top();
        break;  // BUILD: sets no weight, but _metadata and hooks
      default:
        push_value(op);
    }
  }
  void push_value(unsigned char op) {
    switch (op) {
      case 'N':
        push({});
        break;  // NONE
      case 0x88:
        push_number(1);
        break;  // NEWTRUE
      case 0x89:
        push_number(0);
        break;  // NEWFALSE
      case 'K':
        push_number(integer(1));
        break;  // BININT1
      case 'M':
        push_number(integer(2));
        break;  // BININT2
      case 'J':
        push_number(Index(std::int32_t(integer(4))));
        break;  // BININT
      case 0x8a:
        long_number();
        break;  // LONG1
      case 'G':
        real_number();
        break;  // BINFLOAT
      case 'X':
        push_text(take(std::size_t(integer(4))));
        break;  // BINUNICODE
      case 0x8c:
        push_text(take(std::size_t(integer(1))));
        break;  // SHORT_BINUNICODE
      case 'U':
        push_text(take(std::size_t(integer(1))));
        break;  // SHORT_BINSTRING
      case 'T':
        push_text(take(std::size_t(integer(4))));
        break;  // BINSTRING
      case ')':
        push_list({});
        break;  // EMPTY_TUPLE
      case ']':
        push_list({});
        break;  // EMPTY_LIST
      case '}':
        push({.kind = Kind::dictionary});
        break;  // EMPTY_DICT
      case 0x85:
        push_tuple(1);
        break;  // TUPLE1 to TUPLE3
      case 0x86:
        push_tuple(2);
        break;
      case 0x87:
        push_tuple(3);
        break;
      case 't':
        push_list(since_mark());
        break;  // TUPLE
      case 'l':
        push_list(since_mark());
        break;  // LIST
      default:
        fail(str("its pickle has the opcode ", int(op), " at byte ", at_ - 1, ", which no state dict needs"));
    }
  }

  void set_item() {
    const std::size_t value = pop(), key = pop();
    add(Kind::dictionary, {key, value});
  }
  void memoize() {
    const Index next = Index(memo_.size());
    memo_[next] = top();
  }
  void global() {
    const std::string module = line();
    push_name(module, line());
  }
  void stack_global() {
    const std::size_t name = pop(), module = pop();
    push_name(expect(module, Kind::text, "the name of a module").text_value,
              expect(name, Kind::text, "a name").text_value);
  }
  void storage_on_top() {
    const std::size_t id = pop();
    storage(values_[id]);
  }
  void reduce() {
    const std::size_t arguments = pop(), callee = pop();
    call(callee, arguments);
  }
  void real_number() {  // no weight, so its value is of no use
    take(8);
    push({.kind = Kind::real});
  }

  void long_number() {  // of at most 8 bytes; larger ones, such as PyTorch's magic number, only count as read
    const std::string_view b = take(std::size_t(integer(1)));
    std::uint64_t v = b.empty() || !(b.back() & 0x80) ? 0 : ~std::uint64_t(0);
    for (std::size_t i = std::min<std::size_t>(8, b.size()); i-- > 0;)
      v = v << 8 | static_cast<unsigned char>(b[i]);
    push_number(Index(v));
  }
  void recall(Index i) {
    const auto found = memo_.find(i);
    if (found == memo_.end())
      fail(str("its pickle refers to value ", i, ", which is not there, before byte ", at_));
    stack_.push_back(found->second);
  }

  void push_name(const std::string& module, const std::string& name) {
    static const std::vector<std::string> known{"collections OrderedDict", "torch._utils _rebuild_tensor_v2",
                                                "torch._utils _rebuild_tensor",
                                                "torch._utils _rebuild_parameter", "torch Size"};
    const std::string full = module + " " + name;
    const bool storage = module == "torch" && name.ends_with("Storage") && name.size() < 30;
    if (!storage && std::find(known.begin(), known.end(), full) == known.end())
      fail(str(
          "it holds an object of Python's, ", module.substr(0, 100), ".", name.substr(0, 100),
          "; crisp reads tensors in dictionaries and executes nothing",
          "\n  hint: in Python, save the weights alone: torch.save(model.state_dict(), \"weights.pth\")"));
    push({.kind = Kind::name, .text_value = storage ? name : full});
  }

  // ("storage", type, key, location, elements[, view]), as torch.save names the bytes of a tensor.
  void storage(const PickledValue& id) {
    const auto item = [&](std::size_t i, Kind kind) -> const PickledValue& {
      if (id.kind != Kind::list || i >= id.items.size() || values_[id.items[i]].kind != kind)
        fail(str("its pickle names a storage in a way that PyTorch does not, before byte ", at_));
      return values_[id.items[i]];
    };
    if (item(0, Kind::text).text_value != "storage")
      fail(str("its pickle refers to '", item(0, Kind::text).text_value.substr(0, 100),
               "', which is no storage"));
    PickledValue v{.kind = Kind::tensor};
    v.tensor_value = {.type = item(1, Kind::name).text_value,
                      .storage = item(2, Kind::text).text_value,
                      .elements = item(4, Kind::number).number_value};
    // A part of another storage: (key, offset, elements).
    if (id.items.size() > 5 && values_[id.items[5]].kind == Kind::list) {
      const PickledValue& view = values_[id.items[5]];
      if (view.items.size() == 3)
        v.tensor_value.offset = expect(view.items[1], Kind::number, "an offset").number_value;
    }
    push(std::move(v));
  }

  std::vector<Index> numbers(std::size_t list) {
    std::vector<Index> all;
    for (const std::size_t i : expect(list, Kind::list, "a list of numbers").items)
      all.push_back(expect(i, Kind::number, "a number").number_value);
    return all;
  }

  void call(std::size_t callee, std::size_t arguments) {
    const std::string name = expect(callee, Kind::name, "a function").text_value;
    const std::vector<std::size_t> a = expect(arguments, Kind::list, "a tuple").items;
    if (name == "collections OrderedDict") {
      PickledValue v{.kind = Kind::dictionary};
      if (!a.empty())
        for (const std::size_t pair : expect(a[0], Kind::list, "a list of pairs").items) {
          const auto& items = expect(pair, Kind::list, "a pair").items;
          if (items.size() != 2)
            fail(str("its pickle has a pair of ", items.size(), " values, before byte ", at_));
          v.items.insert(v.items.end(), items.begin(), items.end());
        }
      push(std::move(v));
    } else if (name.starts_with("torch._utils _rebuild_tensor")) {
      if (a.size() < 4)
        fail(str("its pickle describes a tensor by ", a.size(), " values instead of 4 or more, before byte ",
                 at_));
      PickledValue v{.kind = Kind::tensor,
                     .tensor_value = expect(a[0], Kind::tensor, "a storage").tensor_value};
      v.tensor_value.offset +=
          std::clamp<Index>(expect(a[1], Kind::number, "an offset").number_value, -1, Index(1) << 60);
      v.tensor_value.size = numbers(a[2]);
      v.tensor_value.stride = numbers(a[3]);
      push(std::move(v));
    } else if ((name == "torch._utils _rebuild_parameter" || name == "torch Size") && !a.empty()) {
      stack_.push_back(a[0]);
    } else {
      fail(str("its pickle calls '", name, "', which is no function that makes a tensor"));
    }
  }

  std::string where_;
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::deque<PickledValue> values_;
  std::vector<std::size_t> stack_, marks_;
  std::unordered_map<Index, std::size_t> memo_;
};

}  // namespace crisp::io
