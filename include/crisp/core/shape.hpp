// Shape: the extents of a tensor, outermost axis first, held inline (at most six axes).
#pragma once
#include <initializer_list>
#include <limits>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "crisp/core/error.hpp"
#include "crisp/core/rounding.hpp"

namespace crisp {

class Shape {
 public:
  static constexpr int max_rank = 6;  // window partition, (N, H/M, M, W/M, M, C), is the widest user

  Shape() = default;  // rank 0: a scalar, one element
  Shape(std::initializer_list<Index> extents) : Shape(std::span(extents.begin(), extents.size())) {}

  /// Throws Error for more than six axes, a negative extent, or more elements than an Index can count.
  explicit Shape(std::span<const Index> extents) {
    check(extents.size() <= max_rank, "Shape: ", extents.size(), " axes were given, at most ", max_rank,
          " are supported");
    for (Index extent : extents) extents_[rank_++] = extent;
    Index count = 1;
    for (Index extent : extents) {
      check(extent >= 0, "Shape: ", *this, " has the negative extent ", extent);
      check(extent == 0 || count <= std::numeric_limits<Index>::max() / extent, "Shape: ", *this,
            " has too many elements");
      count *= extent;
    }
  }

  int rank() const { return rank_; }

  /// The extent of one axis; negative axes count from the end. Throws Error for an axis that does not exist.
  Index operator[](int axis) const { return extents_[checked(axis)]; }
  Index& operator[](int axis) { return extents_[checked(axis)]; }

  Index numel() const {
    Index count = 1;
    for (int i = 0; i < rank_; ++i) count *= extents_[i];
    return count;
  }

  bool operator==(const Shape&) const = default;

  friend std::ostream& operator<<(std::ostream& out, const Shape& s) {
    out << '(';
    for (int i = 0; i < s.rank_; ++i) out << (i ? ", " : "") << s.extents_[i];
    return out << (s.rank_ == 1 ? ",)" : ")");
  }

 private:
  int checked(int axis) const {
    const int i = axis < 0 ? axis + rank_ : axis;
    check(i >= 0 && i < rank_, "Shape: axis ", axis, " was asked of ", *this, ", which has ", rank_, " axes");
    return i;
  }

  Index extents_[max_rank] = {};  // no std::array, whose index is unsigned
  int rank_ = 0;
};

/// One line of an error message that shows an operand: "\n  weight  (64, 9, 9, 1)  (O, kH, kW, C)".
inline std::string operand(std::string_view name, const Shape& shape, std::string_view letters = "") {
  std::string text = str("\n  ", name, std::string(name.size() < 8 ? 8 - name.size() : 1, ' '), shape);
  return letters.empty() ? text : str(text, "  ", letters);
}

}  // namespace crisp
