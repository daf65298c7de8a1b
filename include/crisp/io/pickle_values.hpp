// The values that a pickle holds, and the stack on which they are put together.
#pragma once
#include <deque>
#include <string>
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

/// One value. Values refer to each other by their place in PickleReader::at, as a file may hold circles.
struct PickledValue {
  enum Kind {
    none,
    number,      // a whole number, or a truth value
    other,       // a real number, or bytes: of no use for weights, and not kept
    text,        //
    list,        // or a tuple, or a set
    dictionary,  //
    name,        // of a class or function
    tensor,      // or a storage, whose size is empty
    object       // anything else of Python's: no more of it is kept than the name of what makes it
  } kind = none;
  Index number_value = 0;
  std::string text_value = {};          // of text; of a name and an object "numpy.dtype"
  std::vector<std::size_t> items = {};  // of a list; of a dictionary key, value, key, value, ...
  PickledTensor tensor_value = {};      // of a tensor, and of a storage
};

/// The stack of a pickle, its marks and its memo, by the words of pickletools in Python's library. Whatever
/// does not fit throws Error.
class PickleStack {
 public:
  const PickledValue& at(std::size_t i) const { return values_[i]; }
  std::size_t count() const { return values_.size(); }  // of all values so far
  std::size_t place() const { return at_; }             // the byte after what was read

 protected:
  using Kind = PickledValue::Kind;

  explicit PickleStack(std::string where) : where_(std::move(where)) {}

  [[noreturn]] void fail(const std::string& what) const { throw Error(str(where_, what)); }

  void clear() {
    stack_.clear();
    marks_.clear();
    memo_.clear();
  }

  void push(PickledValue v) {
    if (values_.size() >= 1000000)
      fail("its pickle holds more than a million values, which no state dict does");
    values_.push_back(std::move(v));
    stack_.push_back(values_.size() - 1);
  }
  void push_again(std::size_t i) { stack_.push_back(i); }

  // Values that never change are kept once: lists of a million losses take little.
  void push_number(Index n) { push_shared(numbers_, n, {.kind = Kind::number, .number_value = n}); }
  void push_plain(Kind kind) { push_shared(plain_, Index(kind), {.kind = kind}); }

  void push_text(std::string_view t) { push({.kind = Kind::text, .text_value = std::string(t)}); }
  void push_list(std::vector<std::size_t> items) { push({.kind = Kind::list, .items = std::move(items)}); }
  void push_tuple(std::size_t count) {
    std::vector<std::size_t> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    push_list(std::move(items));
  }
  void push_dictionary(std::vector<std::size_t> items) {
    push({.kind = Kind::dictionary});
    add(Kind::dictionary, items);
  }

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

  void mark() { marks_.push_back(stack_.size()); }
  std::vector<std::size_t> since_mark() {
    if (marks_.empty()) fail(str("its pickle ends a group that did not begin, at byte ", at_));
    std::vector<std::size_t> items(stack_.begin() + std::ptrdiff_t(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }

  void memoize(Index i) { memo_[i] = top(); }
  void memoize_next() { memoize(Index(memo_.size())); }
  void recall(Index i) {
    const auto found = memo_.find(i);
    if (found == memo_.end())
      fail(str("its pickle refers to value ", i, ", which is not there, before byte ", at_));
    push_again(found->second);
  }

  PickledValue& expect(std::size_t i, Kind kind, const char* what) {
    if (values_[i].kind != kind)
      fail(str("its pickle has something else where ", what, " is expected, before byte ", at_));
    return values_[i];
  }

  // To the list or dictionary on top. An object of a class of somebody's becomes one by that.
  void add(Kind kind, const std::vector<std::size_t>& items) {
    if (kind == Kind::dictionary && items.size() % 2)
      fail(str("its pickle has a key without a value, before byte ", at_));
    PickledValue& to = values_[top()];
    if (to.kind == Kind::object) to.kind = kind;
    expect(top(), kind, kind == Kind::list ? "a list" : "a dictionary");
    to.items.insert(to.items.end(), items.begin(), items.end());
  }

  std::size_t at_ = 0;
  std::deque<PickledValue> values_;

 private:
  using Places = std::unordered_map<Index, std::size_t>;

  void push_shared(Places& places, Index key, PickledValue v) {
    if (const auto found = places.find(key); found != places.end()) return push_again(found->second);
    push(std::move(v));
    places[key] = stack_.back();
  }

  std::string where_;
  std::vector<std::size_t> stack_, marks_;
  Places memo_, numbers_, plain_;
};

}  // namespace crisp::io
