// See train_data.hpp.
#include "train_data.hpp"

#include <set>

#include "crisp/data/degrade.hpp"
#include "crisp/data/synthetic.hpp"
#include "lr_files.hpp"
#include "picture.hpp"

namespace crisp::program {

namespace {

struct Source {
  std::string name;
  fs::path hr, lr;                  // lr: of a pair, else empty
  std::optional<data::Image> made;  // synthetic
};

std::vector<Source> synthetic(Index count, std::uint64_t seed, bool colour) {
  std::vector<Source> sources;
  for (data::Image& image :
       data::dead_leaves({.count = count, .height = 192, .width = 192, .colour = colour, .seed = seed}))
    sources.push_back({str("synthetic ", sources.size() + 1), {}, {}, std::move(image)});
  return sources;
}

std::vector<Source> sources_of(const DataOptions& o, bool colour, Index scale) {
  std::vector<Source> sources;
  for (const std::string& from : o.train) {
    if (from == "synthetic") {
      for (Source& s : synthetic(60, std::uint64_t(o.seed), colour)) sources.push_back(std::move(s));
    } else {
      for (const fs::path& file : images_in("--train", from))
        sources.push_back({str("'", file.filename().string(), "' in ", from), file, {}, {}});
    }
  }
  if (!o.hr.empty()) {
    const LrFolder lr(o.lr);
    for (const fs::path& file : images_in("--hr", o.hr))
      sources.push_back(
          {str("'", file.filename().string(), "' in ", o.hr.string()), file, lr.of(file, scale), {}});
  }
  return sources;
}

// In random order, the same for the same seed.
void shuffle(std::vector<Source>& sources, std::uint64_t seed) {
  Rng rng(seed);
  for (std::size_t i = sources.size(); i > 1; --i)
    std::swap(sources[i - 1], sources[std::size_t(rng.below(Index(i)))]);
}

ValidationImage for_validation(Source& s) {
  ValidationImage image{
      s.hr.empty() ? s.name : s.hr.filename().string(), s.made ? std::move(*s.made) : load_picture(s.hr), {}};
  if (!s.lr.empty()) image.lr = load_picture(s.lr);
  return image;
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

TrainingData load_data(const DataOptions& o, const Network& net, Index patch) {
  const bool colour = net.channels() == 3;
  const data::Degradation d = data::degradation(o.degrade);
  const data::Input input = net.input_spec().enlarged ? data::Input::ilr : data::Input::lr;
  data::PatchOptions options{.scale = net.scale(), .patch = patch, .luma = !colour, .input = input};
  if (d.kind == data::Degradation::Kind::noise) options.noise = d.value;
  else options.reduce = reducer_of(o.degrade);

  std::vector<Source> train = sources_of(o, colour, net.scale()), valid;
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
    for (const fs::path& file : images_in("--valid", o.valid))
      valid.push_back({file.filename().string(), file, {}, {}});
    valid_source = "of " + o.valid.string();
  } else {
    valid =
        synthetic(4, ~std::uint64_t(o.seed), colour);  // another seed: pictures that the training never sees
  }

  TrainingData result{data::PatchDataset(options), {}, valid_source};
  for (const Source& s : train) {
    if (s.made) result.patches.add(*s.made, s.name);
    else if (s.lr.empty()) result.patches.add(load_picture(s.hr), s.name);
    else result.patches.add_pair(load_picture(s.lr), load_picture(s.hr), s.name);
  }
  for (Source& s : valid) result.valid.push_back(for_validation(s));
  return result;
}

train::Validation validate(const infer::Upscaler& network, Index channels, Index scale,
                           const std::vector<ValidationImage>& images, const std::string& degrade) {
  const infer::Protocol protocol = channels == 1 ? infer::Protocol::y : infer::Protocol::rgb8;
  constexpr std::size_t shown = 8;  // pictures in the report
  train::Validation v;
  v.protocol = infer::describe(protocol, scale) + (degrade == "bicubic" ? "" : "; input by " + degrade);
  const infer::Reducer made_here = reducer_of(degrade);
  for (const ValidationImage& image : images) {
    const infer::Reducer given = [&](const data::Image& hr, Index) {
      return hr.channels == 1 ? data::luma(image.lr) : image.lr;
    };
    infer::Comparison c = infer::compare(image.name, image.hr, network, scale,
                                         {protocol, image.lr.empty() ? made_here : given});
    v.psnr += c.score.psnr / double(images.size());
    v.ssim += c.score.ssim / double(images.size());
    v.bicubic_psnr += c.bicubic_psnr / double(images.size());
    if (v.pictures.size() < shown)
      v.pictures.push_back({image.name, c.score.psnr, c.score.ssim, c.bicubic_psnr, std::move(c.lr),
                            std::move(c.bicubic), std::move(c.result), std::move(c.hr)});
  }
  return v;
}

}  // namespace crisp::program
