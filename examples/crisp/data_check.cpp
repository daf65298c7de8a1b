// See data_check.hpp.
#include "data_check.hpp"

#include <algorithm>
#include <iostream>
#include <iterator>
#include <mutex>
#include <utility>

#include "crisp/core/parallel.hpp"
#include "crisp/data/likeness.hpp"
#include "crisp/data/pairs.hpp"
#include "crisp/report/progress_bar.hpp"
#include "lr_files.hpp"
#include "picture.hpp"

namespace crisp::program {

// A picture that was read.
struct FolderCheck::Seen {
  fs::path file, folder;
  data::PictureInfo info;
  data::Sketch sketch;
  std::string kind;  // "RGB, 8 bits"

  // Throws Error for one that is damaged.
  Seen(const fs::path& file, const fs::path& folder) : file(file), folder(folder) {
    const data::Picture picture = data::load_picture(file);
    const data::Samples x = data::kept_samples(picture.image);
    info = {file.filename().string(), x.height, x.width, x.channels, picture.bits, data::checksum(x)};
    sketch = data::sketch_of(data::without_alpha(picture.image));
    static constexpr const char* names[] = {"empty", "gray", "gray with alpha", "RGB", "RGB with alpha"};
    kind = str(names[picture.image.channels], ", ", picture.bits, " bits");
  }
};

FolderCheck::FolderCheck(bool quiet) : quiet_(quiet) {}
FolderCheck::~FolderCheck() = default;

void FolderCheck::read(const fs::path& folder) {
  const std::vector<fs::path> files = images_in("check", folder);
  report::ProgressBar bar(quiet_);
  std::vector<std::unique_ptr<Seen>> found(files.size());
  std::vector<std::string> faults(files.size());
  std::mutex mutex;
  std::size_t done = 0;
  parallel_for(Index(files.size()), true, [&](Index k) {
    const std::size_t i = std::size_t(k);
    try {
      found[i] = std::make_unique<Seen>(files[i], folder);
    } catch (const std::exception& e) {  // each is told below; none ends the check
      faults[i] = e.what();
    }
    const std::lock_guard lock(mutex);
    ++done;
    if (bar.due()) bar.update(double(done) / double(files.size()), "reading '" + folder.string() + "'  ", 0);
  });
  if (!quiet_) bar.line(folder.string());
  std::vector<Seen> here;
  for (const std::unique_ptr<Seen>& seen : found)
    if (seen) here.push_back(std::move(*seen));
  tell_sizes(here, files.size());
  std::move(here.begin(), here.end(), std::back_inserter(seen_));
  for (const std::string& fault : faults)
    if (!fault.empty()) std::cout << "  damaged: " << fault << "\n", ++damaged_;
  std::cout.flush();
  tell_left_out(folder);
}

void FolderCheck::tell_sizes(const std::vector<Seen>& pictures, std::size_t files) {
  std::vector<Index> heights{0}, widths{0};
  std::map<std::string, Index> kinds;
  double pixels = 0;
  if (!pictures.empty()) heights.clear(), widths.clear();
  for (const Seen& x : pictures) {
    heights.push_back(x.info.height);
    widths.push_back(x.info.width);
    ++kinds[x.kind];
    pixels += double(x.info.height) * double(x.info.width);
  }
  const auto [low, high] = std::minmax_element(heights.begin(), heights.end());
  const auto [narrow, wide] = std::minmax_element(widths.begin(), widths.end());
  std::cout << "  " << files << " pictures, " << fixed(pixels / 1e6, 1) << " megapixels; from " << *low
            << " x " << *narrow << " to " << *high << " x " << *wide << " (heights and widths); ";
  const char* comma = "";
  for (const auto& [kind, count] : kinds) std::cout << std::exchange(comma, ", ") << kind << ": " << count;
  std::cout << "\n";
}

void FolderCheck::compare_pairs(const fs::path& lr, const fs::path& hr, Index scale) {
  lr_ = lr;
  hr_ = hr;
  std::map<fs::path, const Seen*> by_file;
  for (const Seen& seen : seen_) by_file[seen.file] = &seen;
  const LrFolder files(lr);
  for (const fs::path& file : images_in("--hr", hr)) {
    try {
      if (!by_file.contains(file)) continue;  // damaged, and told
      const data::PictureInfo& large = by_file[file]->info;
      const fs::path found = files.of(file, scale);
      if (!by_file.contains(found)) continue;
      const data::PictureInfo& small = by_file[found]->info;
      if (large.height == small.height * scale && large.width == small.width * scale) continue;
      std::cout << "  unequal pair: " << file.string() << " has " << large.height << " x " << large.width
                << " pixels, " << found.string() << " " << small.height << " x " << small.width << "; x"
                << scale << " was expected\n";
    } catch (const Error& e) {
      std::cout << "  " << e.what() << "\n";
    }
    ++unequal_;
  }
}

void FolderCheck::find_doubles() {
  for (std::size_t i = 0; i < seen_.size(); ++i)
    for (std::size_t k = i + 1; k < seen_.size(); ++k) {
      const Seen &a = seen_[i], &b = seen_[k];
      const bool pair = (a.folder == lr_ && b.folder == hr_) || (a.folder == hr_ && b.folder == lr_);
      if (pair) continue;
      const bool exact = a.info.checksum == b.info.checksum;
      const double alike = exact ? 1 : data::likeness(a.sketch, b.sketch);
      if (alike < data::same_picture) continue;
      const bool leak = a.folder != b.folder;
      std::cout << (leak ? "  in two folders: " : "  twice: ") << a.file.string() << " and "
                << b.file.string() << (exact ? ", equal to the bit" : str(", alike to ", fixed(alike, 4)))
                << "\n";
      leaks_ += leak;
    }
}

void FolderCheck::conclude() const {
  if (damaged_ + unequal_ + leaks_ == 0) {
    std::cout << seen_.size() << " pictures are in order: none is damaged, and none lies in two folders\n";
    return;
  }
  std::cout.flush();
  throw Error(str("data: of ", Index(seen_.size()) + damaged_, " pictures ", damaged_, " are damaged, ",
                  leaks_, " lie in two folders, and ", unequal_, " pairs do not fit"));
}

}  // namespace crisp::program
