// What crisp data check finds in folders of pictures.
#pragma once
#include <map>
#include <memory>

#include "common.hpp"

namespace crisp::program {

class FolderCheck {
 public:
  explicit FolderCheck(bool quiet);
  ~FolderCheck();

  /// Decodes every picture of a folder, and prints what there is: number, sizes, kinds, and what is damaged.
  void read(const fs::path& folder);

  /// Prints the pairs that do not fit: without LR, or of other sizes.
  void compare_pairs(const fs::path& lr, const fs::path& hr, Index scale);

  /// Prints the pictures that are there twice: to the bit, or made smaller or compressed again.
  void find_doubles();

  /// Throws Error, with the numbers, where anything is damaged, lies in two folders, or does not fit. That a
  /// picture is twice in a folder does no harm.
  void conclude() const;

 private:
  struct Seen;
  static void tell_sizes(const std::vector<Seen>& pictures, std::size_t files);

  std::vector<Seen> seen_;
  fs::path lr_, hr_;  // that belong together
  Index damaged_ = 0, unequal_ = 0, leaks_ = 0;
  bool quiet_;
};

}  // namespace crisp::program
