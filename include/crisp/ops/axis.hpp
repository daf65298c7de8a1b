// One axis of a tensor: its number, checked, and the tensor seen with that axis in the middle of three.
#pragma once
#include "crisp/core/shape.hpp"

namespace crisp::detail {

/// A tensor seen as (outer, n, inner): all axes before, the axis itself, and all axes after.
struct AxisView {
  Index outer = 1;
  Index n = 1;
  Index inner = 1;

  /// The position of element k of a row (outer, inner).
  CRISP_HD Index at(Index row, Index k) const { return (row / inner * n + k) * inner + row % inner; }
};

inline AxisView axis_view(const Shape& shape, int axis) {
  AxisView view{.n = shape[axis]};
  for (int i = 0; i < axis; ++i) view.outer *= shape[i];
  for (int i = axis + 1; i < shape.rank(); ++i) view.inner *= shape[i];
  return view;
}

/// The number of an axis counted from 0, also where it was counted from the end. Throws Error where there is
/// none.
inline int axis_of(const char* op, const Shape& shape, int axis) {
  const int rank = shape.rank(), from_front = axis < 0 ? axis + rank : axis;
  check(from_front >= 0 && from_front < rank, op, ": axis ", axis, " was asked of a value with ", rank,
        " axes", operand("input", shape));
  return from_front;
}

}  // namespace crisp::detail
