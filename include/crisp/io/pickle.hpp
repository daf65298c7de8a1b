// A reader of Python's pickle format, for the files of PyTorch: it builds tensors, dictionaries, lists and
// plain values, passes over all other objects, and executes nothing. The opcodes are those of pickletools in
// Python's library.
#pragma once
#include <algorithm>
#include <charconv>
#include <string_view>

#include "crisp/io/pickle_values.hpp"

namespace crisp::io {

class PickleReader : public PickleStack {
 public:
  /// `where` begins every message.
  PickleReader(std::string where, std::string_view bytes) : PickleStack(std::move(where)), bytes_(bytes) {}

  /// Reads one pickle, from the current place to its STOP, and returns the place of its value. Throws Error.
  std::size_t read() {
    clear();
    while (true) {
      const auto op = static_cast<unsigned char>(take(1)[0]);
      if (op == '.') break;
      const bool known = arrange(op) || remember(op) || make(op) || push_plain_value(op) || push_bytes(op) ||
                         push_line(op) || push_container(op);
      if (!known)
        fail(str("its pickle has the opcode ", int(op), " at byte ", at_ - 1, ", which no state dict needs"));
    }
    return pop();
  }

 private:
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
  // As many bytes as the number before them says, which has `width` bytes itself.
  std::string_view counted(std::size_t width) { return take(std::size_t(integer(width))); }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail(str("a line that begins at byte ", at_, " has no end"));
    const std::string_view text = take(end - at_);
    take(1);
    return text;
  }

  // --- Opcodes, in groups. Each function says whether the opcode is one of its own.

  // What puts values into others, or away.
  bool arrange(unsigned char op) {
    switch (op) {
      case 0x80:
        return take(1), true;  // PROTO
      case 0x95:
        return take(8), true;  // FRAME
      case '(':
        return mark(), true;  // MARK
      case '0':
        return pop(), true;  // POP
      case '1':
        return since_mark(), true;  // POP_MARK
      case '2':
        return push_again(top()), true;  // DUP
      case 'a':
        return add(Kind::list, {pop()}), true;  // APPEND
      case 'e':
        return add(Kind::list, since_mark()), true;  // APPENDS
      case 0x90:
        return add(Kind::list, since_mark()), true;  // ADDITEMS
      case 's':
        return set_item(), true;  // SETITEM
      case 'u':
        return add(Kind::dictionary, since_mark()), true;  // SETITEMS
      case 'b':
        return pop(), top(), true;  // BUILD: sets no weight
      default:
        return false;
    }
  }
  void set_item() {
    const std::size_t value = pop(), key = pop();
    add(Kind::dictionary, {key, value});
  }

  bool remember(unsigned char op) {
    switch (op) {
      case 'q':
        return memoize(integer(1)), true;  // BINPUT
      case 'r':
        return memoize(integer(4)), true;  // LONG_BINPUT
      case 'p':
        return memoize(whole(line())), true;  // PUT
      case 0x94:
        return memoize_next(), true;  // MEMOIZE
      case 'h':
        return recall(integer(1)), true;  // BINGET
      case 'j':
        return recall(integer(4)), true;  // LONG_BINGET
      case 'g':
        return recall(whole(line())), true;  // GET
      default:
        return false;
    }
  }

  // What Python would look up, call or make: a tensor becomes one here, all else an object.
  bool make(unsigned char op) {
    switch (op) {
      case 'c':
        return global(), true;  // GLOBAL
      case 0x93:
        return stack_global(), true;  // STACK_GLOBAL
      case 'Q':
        return storage(pop()), true;  // BINPERSID
      case 'R':                       // REDUCE
      case 0x81:
        return call(1), true;  // NEWOBJ
      case 0x92:
        return call(2), true;  // NEWOBJ_EX
      case 'o':
        return instance(), true;  // OBJ
      case 'i':
        return named_instance(), true;  // INST
      default:
        return false;
    }
  }

  bool push_plain_value(unsigned char op) {
    switch (op) {
      case 'N':
        return push_plain(Kind::none), true;  // NONE
      case 0x88:
        return push_number(1), true;  // NEWTRUE
      case 0x89:
        return push_number(0), true;  // NEWFALSE
      case 'K':
        return push_number(integer(1)), true;  // BININT1
      case 'M':
        return push_number(integer(2)), true;  // BININT2
      case 'J':
        return push_number(Index(std::int32_t(integer(4)))), true;  // BININT
      case 0x8a:
        return push_long(counted(1)), true;  // LONG1
      case 0x8b:
        return push_long(counted(4)), true;  // LONG4
      case 'G':
        return take(8), push_plain(Kind::other), true;  // BINFLOAT
      default:
        return false;
    }
  }

  bool push_bytes(unsigned char op) {
    switch (op) {
      case 'X':
        return push_text(counted(4)), true;  // BINUNICODE
      case 0x8c:
        return push_text(counted(1)), true;  // SHORT_BINUNICODE
      case 0x8d:
        return push_text(counted(8)), true;  // BINUNICODE8
      case 'T':
        return push_text(counted(4)), true;  // BINSTRING
      case 'U':
        return push_text(counted(1)), true;  // SHORT_BINSTRING
      case 'B':
        return counted(4), push_plain(Kind::other), true;  // BINBYTES
      case 'C':
        return counted(1), push_plain(Kind::other), true;  // SHORT_BINBYTES
      case 0x8e:
        return counted(8), push_plain(Kind::other), true;  // BINBYTES8
      case 0x96:
        return counted(8), push_plain(Kind::other), true;  // BYTEARRAY8
      default:
        return false;
    }
  }

  // The oldest form of pickles has its values as lines of text.
  bool push_line(unsigned char op) {
    switch (op) {
      case 'I':  // INT
      case 'L':
        return push_number(whole(line())), true;  // LONG
      case 'F':
        return line(), push_plain(Kind::other), true;  // FLOAT
      case 'V':
        return push_text(line()), true;  // UNICODE
      case 'S':
        return push_text(without_quotes(line())), true;  // STRING
      default:
        return false;
    }
  }

  bool push_container(unsigned char op) {
    switch (op) {
      case ')':  // EMPTY_TUPLE
      case ']':  // EMPTY_LIST
      case 0x8f:
        return push_list({}), true;  // EMPTY_SET
      case '}':
        return push_dictionary({}), true;  // EMPTY_DICT
      case 'd':
        return push_dictionary(since_mark()), true;  // DICT
      case 0x85:
        return push_tuple(1), true;  // TUPLE1
      case 0x86:
        return push_tuple(2), true;  // TUPLE2
      case 0x87:
        return push_tuple(3), true;  // TUPLE3
      case 't':                      // TUPLE
      case 'l':                      // LIST
      case 0x91:
        return push_list(since_mark()), true;  // FROZENSET
      default:
        return false;
    }
  }

  // --- Numbers and text.

  void push_long(std::string_view b) {  // of at most 8 bytes; larger ones only count as read
    std::uint64_t v = b.empty() || !(b.back() & 0x80) ? 0 : ~std::uint64_t(0);
    for (std::size_t i = std::min<std::size_t>(8, b.size()); i-- > 0;)
      v = v << 8 | static_cast<unsigned char>(b[i]);
    push_number(Index(v));
  }
  static Index whole(std::string_view digits) {  // 0 for what is no number that fits
    Index value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }
  static std::string_view without_quotes(std::string_view text) {
    return text.size() < 2 ? text : text.substr(1, text.size() - 2);
  }

  // --- Names, and what is made by them.

  void global() {
    const std::string_view module = line();
    push_name(module, line());
  }
  void stack_global() {
    const std::size_t name = pop(), module = pop();
    push_name(expect(module, Kind::text, "the name of a module").text_value,
              expect(name, Kind::text, "a name").text_value);
  }
  // "numpy.dtype"; of the storages of PyTorch "FloatStorage" alone.
  void push_name(std::string_view module, std::string_view name) {
    const bool torch = module == "torch" || module == "torch.cuda" || module == "torch.storage";
    const std::string_view last = name.substr(0, 100);
    const bool storage = torch && last.ends_with("Storage");
    push({.kind = Kind::name,
          .text_value = storage ? std::string(last) : str(module.substr(0, 100), ".", last)});
  }

  void instance() {  // (class, arguments...)
    const std::vector<std::size_t> items = since_mark();
    if (items.empty()) fail(str("its pickle takes a value that is not there, at byte ", at_));
    push_object(items[0]);
  }
  void named_instance() {
    since_mark();
    global();
    push_object(pop());
  }
  void push_object(std::size_t callee) {
    const PickledValue& f = values_[callee];
    if (f.kind != Kind::name && f.kind != Kind::object)
      fail(str("its pickle has something else where a function is expected, before byte ", at_));
    push({.kind = Kind::object, .text_value = f.text_value});
  }

  // A function or class with its arguments on top, a tuple; the second of two is of no use here.
  void call(int arguments) {
    if (arguments == 2) pop();
    const std::size_t tuple = pop();
    call(pop(), tuple);
  }
  void call(std::size_t callee, std::size_t tuple) {
    const PickledValue& f = values_[callee];
    const std::string name = f.kind == Kind::name ? f.text_value : "";
    const bool has_arguments = values_[tuple].kind == Kind::list && !values_[tuple].items.empty();
    const std::vector<std::size_t> none, &a = has_arguments ? values_[tuple].items : none;
    if (name == "collections.OrderedDict") return push_ordered(a);
    if (name == "torch._utils._rebuild_tensor" || name == "torch._utils._rebuild_tensor_v2" ||
        name == "torch._utils._rebuild_tensor_v3")
      return push_tensor(a);
    const bool wraps = name == "torch._utils._rebuild_parameter" || name == "torch.Size" ||
                       name == "torch._utils._rebuild_parameter_with_state";
    if (wraps && has_arguments) return push_again(a[0]);
    // (function, class, arguments, state) of a class that is derived from Tensor.
    if (name == "torch._tensor._rebuild_from_type_v2" && a.size() > 2 && values_[a[0]].text_value != name)
      return call(a[0], a[2]);
    const bool names_class = name.ends_with("._reconstructor") && has_arguments;
    push_object(names_class ? a[0] : callee);
  }

  void push_ordered(const std::vector<std::size_t>& a) {
    std::vector<std::size_t> all;
    if (!a.empty())
      for (const std::size_t pair : expect(a[0], Kind::list, "a list of pairs").items) {
        const auto& items = expect(pair, Kind::list, "a pair").items;
        if (items.size() != 2)
          fail(str("its pickle has a pair of ", items.size(), " values, before byte ", at_));
        all.insert(all.end(), items.begin(), items.end());
      }
    ordered_ += all.size();
    if (ordered_ > 2000000) fail("its pickle holds more than a million values, which no state dict does");
    push_dictionary(all);
  }

  // (storage, offset, size, stride, ...); the third kind says its type as the seventh.
  void push_tensor(const std::vector<std::size_t>& a) {
    if (a.size() < 4)
      fail(str("its pickle describes a tensor by ", a.size(), " values instead of 4 or more, before byte ",
               at_));
    PickledValue v{.kind = Kind::tensor,
                   .tensor_value = expect(a[0], Kind::tensor, "a storage").tensor_value};
    v.tensor_value.offset +=
        std::clamp<Index>(expect(a[1], Kind::number, "an offset").number_value, -1, Index(1) << 60);
    v.tensor_value.size = numbers(a[2]);
    v.tensor_value.stride = numbers(a[3]);
    if (a.size() > 6 && values_[a[6]].kind == Kind::name) v.tensor_value.type = values_[a[6]].text_value;
    push(std::move(v));
  }
  std::vector<Index> numbers(std::size_t list) {
    const std::vector<std::size_t>& items = expect(list, Kind::list, "a list of numbers").items;
    if (items.size() > 64) fail(str("its pickle describes a tensor of ", items.size(), " axes"));
    std::vector<Index> all;
    for (const std::size_t i : items) all.push_back(expect(i, Kind::number, "a number").number_value);
    return all;
  }

  // ("storage", type, key, location, elements[, view]), as torch.save names the bytes of a tensor; and
  // ("module", class, ...), as it names the class of a network that was saved as a whole.
  void storage(std::size_t place) {
    const PickledValue& id = values_[place];
    const auto item = [&](std::size_t i, Kind kind) -> const PickledValue& {
      if (id.kind != Kind::list || i >= id.items.size() || values_[id.items[i]].kind != kind)
        fail(str("its pickle names a storage in a way that PyTorch does not, before byte ", at_));
      return values_[id.items[i]];
    };
    const std::string kind = item(0, Kind::text).text_value.substr(0, 100);
    if (kind == "module") return push({.kind = Kind::name, .text_value = item(1, Kind::name).text_value});
    if (kind != "storage") fail(str("its pickle refers to '", kind, "', which is no storage"));
    PickledValue v{.kind = Kind::tensor};
    v.tensor_value = {.type = item(1, Kind::name).text_value,
                      .storage = item(2, Kind::text).text_value.substr(0, 200),
                      .elements = item(4, Kind::number).number_value};
    // A part of another storage: (key, offset, elements).
    if (id.items.size() > 5 && values_[id.items[5]].kind == Kind::list) {
      const PickledValue& view = values_[id.items[5]];
      if (view.items.size() == 3)
        v.tensor_value.offset = expect(view.items[1], Kind::number, "an offset").number_value;
    }
    push(std::move(v));
  }

  std::string_view bytes_;
  std::size_t ordered_ = 0;  // values of dictionaries that were made of lists
};

}  // namespace crisp::io
