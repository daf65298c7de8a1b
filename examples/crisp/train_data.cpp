// See train_data.hpp.
#include "train_data.hpp"

#include <chrono>
#include <iostream>

#include "crisp/data/degrade.hpp"
#include "crisp/data/folder.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/report/progress_bar.hpp"
#include "lr_files.hpp"
#include "picture.hpp"
#include "processes.hpp"

namespace crisp::program {

namespace {

// A picture of a set.
struct Source {
  std::string name;  // of its file
  std::shared_ptr<const data::Pictures> hr, lr;
  Index number = 0;
};

// Opens sets of pictures, within one budget of memory, and shows how far that is. Once a set lies in a cache,
// those after it do so too, as the small pictures of pairs: the next training waits for none of them.
class Opening {
 public:
  Opening(const DataOptions& o, bool quiet) : bar_(quiet) {
    const Index given = o.memory.empty() ? data::data_memory() : bytes_of("--data-memory", o.memory);
    options_.memory = given / processes().size();
    options_.cache = o.cache;
  }

  std::shared_ptr<const data::Pictures> open(const std::vector<fs::path>& files, const fs::path& folder) {
    const auto begun = std::chrono::steady_clock::now();
    data::DecodingProgress last;
    double seconds = 0;
    options_.progress = [&](const data::DecodingProgress& p) {
      last = p;
      seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      const double done = double(p.done) / double(p.count);
      if (bar_.due())
        bar_.update(done, str("reading '", folder.string(), "', ", p.done, " of ", p.count, " pictures  "),
                    seconds * (1 - done) / done);
    };
    auto set = data::stored(files, folder, options_);
    options_.progress = {};
    options_.memory = set->memory() > 0 ? std::max<Index>(0, options_.memory - set->memory()) : 0;
    if (seconds > 1)
      bar_.line(str("read      ", last.done, " pictures of '", folder.string(), "' in ", fixed(seconds, 1),
                    " s: ", fixed(last.pixels / seconds / 1e6, 1), " megapixels/s"));
    return set;
  }

 private:
  data::StoreOptions options_;
  report::ProgressBar bar_;
};

void append(std::vector<Source>& sources, const std::vector<fs::path>& files,
            const std::shared_ptr<const data::Pictures>& hr,
            const std::shared_ptr<const data::Pictures>& lr) {
  for (std::size_t i = 0; i < files.size(); ++i)
    sources.push_back({files[i].filename().string(), hr, lr, Index(i)});
}

void append_synthetic(std::vector<Source>& sources, Index count, std::uint64_t seed, bool colour) {
  std::vector<data::PicturesInMemory::One> pictures;
  for (const data::Image& image :
       data::dead_leaves({.count = count, .height = 192, .width = 192, .colour = colour, .seed = seed}))
    pictures.push_back(data::in_memory(str("synthetic ", pictures.size() + 1), data::samples_of(image)));
  const auto set = std::make_shared<data::PicturesInMemory>(std::move(pictures));
  for (Index i = 0; i < count; ++i) sources.push_back({set->info(i).name, set, nullptr, i});
}

std::vector<Source> sources_of(const DataOptions& o, bool colour, Index scale, Opening& opening) {
  std::vector<Source> sources;
  for (const std::string& from : o.train) {
    if (from == "synthetic") {
      append_synthetic(sources, 60, std::uint64_t(o.seed), colour);
      continue;
    }
    const std::vector<fs::path> files = images_in("--train", from);
    append(sources, files, opening.open(files, from), nullptr);
  }
  if (o.hr.empty()) return sources;
  const LrFolder lr(o.lr);
  const std::vector<fs::path> files = images_in("--hr", o.hr);
  std::vector<fs::path> small;
  for (const fs::path& file : files) small.push_back(lr.of(file, scale));
  const auto large = opening.open(files, o.hr);
  append(sources, files, large, opening.open(small, o.lr));
  return sources;
}

// In random order, the same for the same seed.
void shuffle(std::vector<Source>& sources, std::uint64_t seed) {
  Rng rng(seed);
  for (std::size_t i = sources.size(); i > 1; --i)
    std::swap(sources[i - 1], sources[std::size_t(rng.below(Index(i)))]);
}

data::PatchOptions patch_options(const DataOptions& o, const Network& net, Index patch) {
  const data::Degradation d = data::degradation(o.degrade);
  const data::Input input = net.input_spec().enlarged ? data::Input::ilr : data::Input::lr;
  data::PatchOptions options{
      .scale = net.scale(), .patch = patch, .luma = net.channels() != 3, .input = input};
  if (d.kind == data::Degradation::Kind::noise) options.noise = d.value;
  else if (d.kind != data::Degradation::Kind::bicubic)
    options.reduce_region = [d](const data::RegionReader& hr, Index scale, const data::Region& lr) {
      return data::degrade_region(hr, scale, d, lr);
    };
  return options;
}

// Of those that are large enough; the others are told.
data::PatchDataset patches_of(const std::vector<Source>& sources, const data::PatchOptions& options) {
  data::PatchDataset patches(options);
  const data::PictureInfo* small = nullptr;
  Index left_out = 0;
  for (const Source& s : sources) {
    const data::PictureInfo& info = s.hr->info(s.number);
    if (!patches.holds_patch(info)) {
      if (left_out++ == 0) small = &info;
    } else if (s.lr) {
      patches.add_pairs(s.lr, s.hr, {s.number});
    } else {
      patches.add(s.hr, {s.number});
    }
  }
  if (patches.images() == 0) patches.add(sources[0].hr, {sources[0].number});  // says what is wrong
  if (left_out > 0)
    std::cerr << str("crisp: warning: ", left_out, " of ", sources.size(),
                     " pictures are smaller than a patch and left out, such as ", small->name, " with ",
                     small->height, " x ", small->width, " pixels\n");
  return patches;
}

}  // namespace

void check_data(const DataOptions& o, Index scale) {
  use(o.lr.empty() == o.hr.empty(),
      "--lr DIR and --hr DIR go together: two folders with pictures of the same names (0801.png and "
      "0801x2.png are)");
  use(!o.train.empty() || !o.hr.empty(), "give --train DIR, --train synthetic, or --lr DIR and --hr DIR");
  use(o.split == 0 || (o.split > 0 && o.split < 1), "--split must lie between 0 and 1, not ", o.split);
  use(o.split == 0 || o.valid.empty(), "give either --valid or --split, not both");
  for (const std::string& source : o.train)
    if (source != "synthetic") images_in("--train", source);
  if (!o.valid.empty()) images_in("--valid", o.valid);
  if (!o.memory.empty()) bytes_of("--data-memory", o.memory);
  use(!fs::exists(o.cache) || fs::is_directory(o.cache), "--cache '", o.cache.string(), "' is not a folder");
  if (o.hr.empty()) return;
  const LrFolder lr(o.lr);
  for (const fs::path& file : images_in("--hr", o.hr)) lr.of(file, scale);
}

void tell_left_out(const DataOptions& o) {
  for (const std::string& source : o.train)
    if (source != "synthetic") tell_left_out(fs::path(source));
  for (const fs::path& folder : {o.hr, o.lr, o.valid})
    if (!folder.empty()) tell_left_out(folder);
}

std::shared_ptr<const data::Pictures> open_folder(const DataOptions& o, const fs::path& folder, bool quiet) {
  return Opening(o, quiet).open(images_in("--train", folder), folder);
}

TrainingData load_data(const DataOptions& o, const Network& net, Index patch, bool quiet) {
  const bool colour = net.channels() == 3;
  Opening opening(o, quiet);
  std::vector<Source> train = sources_of(o, colour, net.scale(), opening), valid;
  std::string valid_source = "synthetic, held out";
  if (o.split > 0) {
    shuffle(train, std::uint64_t(o.seed));
    const std::size_t kept = std::size_t(std::llround(o.split * double(train.size())));
    use(kept > 0 && kept < train.size(), "--split ", o.split, " of ", train.size(),
        " pictures leaves none to ", kept == 0 ? "train" : "validate", " on");
    valid.assign(std::make_move_iterator(train.begin() + Index(kept)), std::make_move_iterator(train.end()));
    train.resize(kept);
    valid_source = str("held out, --split ", o.split);
  } else if (!o.valid.empty()) {
    const std::vector<fs::path> files = images_in("--valid", o.valid);
    append(valid, files, opening.open(files, o.valid), nullptr);
    valid_source = "of " + o.valid.string();
  } else {
    // Another seed: pictures that the training never sees.
    append_synthetic(valid, 4, ~std::uint64_t(o.seed), colour);
  }
  TrainingData result{patches_of(train, patch_options(o, net, patch)), {}, valid_source};
  for (const Source& s : valid) result.valid.push_back({s.name, s.hr, s.lr, s.number});
  result.valid_limit = std::size_t(o.valid_limit);
  return result;
}

train::Validation validate(const infer::Upscaler& network, Index channels, Index scale,
                           const TrainingData& data, const std::string& degrade, bool limited) {
  const infer::Protocol protocol = channels == 1 ? infer::Protocol::y : infer::Protocol::rgb8;
  constexpr std::size_t shown = 8;  // pictures in the report
  train::Validation v;
  v.protocol = infer::describe(protocol, scale) + (degrade == "bicubic" ? "" : "; input by " + degrade);
  const infer::Reducer made_here = reducer_of(degrade);
  const std::size_t all = data.valid.size();
  const std::size_t count = limited && data.valid_limit > 0 ? std::min(data.valid_limit, all) : all;
  for (std::size_t i = 0; i < count; ++i) {
    const ValidationImage& image = data.valid[i * all / count];  // from the whole of the set
    const data::Image lr = image.lr ? image.lr->read(image.number) : data::Image();
    const infer::Reducer given = [&](const data::Image& hr, Index) {
      return hr.channels == 1 ? data::luma(lr) : lr;
    };
    infer::Comparison c = infer::compare(image.name, image.hr->read(image.number), network, scale,
                                         {protocol, image.lr ? given : made_here});
    v.psnr += c.score.psnr / double(count);
    v.ssim += c.score.ssim / double(count);
    v.bicubic_psnr += c.bicubic_psnr / double(count);
    if (v.pictures.size() < shown)
      v.pictures.push_back({image.name, c.score.psnr, c.score.ssim, c.bicubic_psnr, std::move(c.lr),
                            std::move(c.bicubic), std::move(c.result), std::move(c.hr)});
  }
  return v;
}

}  // namespace crisp::program
