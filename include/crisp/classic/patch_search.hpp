// The nearest patches among many: a k-d tree (Friedman, Bentley and Finkel 1977) with a bound on the work
// (Arya and Mount 1993). Each node halves its patches at the median of the number in which they differ most.
// A search goes down to the leaf where the query belongs, then to the nearest halves that it passed by, until
// none can hold anything nearer, or the bound on leaves is reached: so it is exact, or nearly so.
#pragma once
#include <algorithm>
#include <queue>

#include "crisp/classic/matrix.hpp"

namespace crisp::classic {

class PatchSearch {
 public:
  struct Found {
    Index patch = 0;
    float distance = 0;  // squared
  };

  /// points (k, n), a patch a column. Throws Error where there are none.
  explicit PatchSearch(Eigen::MatrixXf points) : points_(std::move(points)) {
    check(points_.cols() >= 1, "patch_search: there is no patch to search among");
    order_.resize(std::size_t(points_.cols()));
    std::iota(order_.begin(), order_.end(), Index(0));
    build(0, points_.cols());
    Eigen::MatrixXf sorted(points_.rows(), points_.cols());  // a leaf's patches are neighbours in memory
    for (Index i = 0; i < points_.cols(); ++i) sorted.col(i) = points_.col(order_[std::size_t(i)]);
    points_ = std::move(sorted);
  }

  /// The `count` nearest patches of the query (k numbers), the nearest first; equal ones by their number.
  /// Looks into `leaves` leaves at most. Throws nothing.
  std::vector<Found> nearest(const float* query, Index count, Index leaves) const {
    std::vector<Found> best;
    best.reserve(std::size_t(count) + 1);
    using Open = std::pair<float, Index>;  // the least distance that a node can hold, and the node
    std::priority_queue<Open, std::vector<Open>, std::greater<Open>> open;
    open.push({0.0f, 0});
    for (Index seen = 0; seen < leaves && !open.empty(); ++seen) {
      auto [bound, at] = open.top();
      open.pop();
      if (Index(best.size()) == count && bound > best.back().distance) break;
      while (nodes_[std::size_t(at)].axis >= 0) {
        const Node& node = nodes_[std::size_t(at)];
        const float beyond = query[node.axis] - node.split;
        const Index near = beyond < 0 ? node.below : node.above, far = beyond < 0 ? node.above : node.below;
        open.push({std::max(bound, beyond * beyond), far});
        at = near;
      }
      look_into(nodes_[std::size_t(at)], query, count, best);
    }
    return best;
  }

 private:
  struct Node {
    Index axis = -1;  // -1: a leaf
    float split = 0;
    Index below = 0, above = 0;  // nodes; of a leaf the first patch, and the one behind the last
  };

  Index build(Index first, Index last) {
    constexpr Index leaf = 16;
    const Index here = Index(nodes_.size());
    nodes_.push_back({-1, 0, first, last});
    if (last - first <= leaf) return here;
    const Index axis = widest(first, last), middle = (first + last) / 2;
    const auto value = [&](Index i) { return points_(axis, i); };
    std::nth_element(order_.begin() + first, order_.begin() + middle, order_.begin() + last,
                     [&](Index a, Index b) { return value(a) != value(b) ? value(a) < value(b) : a < b; });
    const float split = value(order_[std::size_t(middle)]);
    const Index below = build(first, middle);
    const Index above = build(middle, last);
    nodes_[std::size_t(here)] = {axis, split, below, above};
    return here;
  }

  // The number in which the patches vary most.
  Index widest(Index first, Index last) const {
    Eigen::ArrayXf sum = Eigen::ArrayXf::Zero(points_.rows()), squares = sum;
    for (Index i = first; i < last; ++i) {
      const auto x = points_.col(order_[std::size_t(i)]).array();
      sum += x;
      squares += x * x;
    }
    Index axis = 0;
    (squares - sum * sum / float(last - first)).maxCoeff(&axis);
    return axis;
  }

  void look_into(const Node& leaf, const float* query, Index count, std::vector<Found>& best) const {
    const Eigen::Map<const Eigen::VectorXf> wanted(query, points_.rows());
    for (Index i = leaf.below; i < leaf.above; ++i) {
      const float distance = (points_.col(i) - wanted).squaredNorm();
      if (Index(best.size()) == count && distance >= best.back().distance) continue;
      const auto behind = [](const Found& a, const Found& b) { return a.distance < b.distance; };
      const Found found{order_[std::size_t(i)], distance};
      best.insert(std::upper_bound(best.begin(), best.end(), found, behind), found);
      if (Index(best.size()) > count) best.pop_back();
    }
  }

  Eigen::MatrixXf points_;
  std::vector<Index> order_;
  std::vector<Node> nodes_;
};

}  // namespace crisp::classic
