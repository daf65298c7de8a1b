// The list of all networks. A new one has its model in models/, its entry in zoo/, and its place here.
#pragma once
#include "crisp/zoo/anchored_regression.hpp"
#include "crisp/zoo/arcnn.hpp"
#include "crisp/zoo/dictionaries.hpp"
#include "crisp/zoo/dncnn.hpp"
#include "crisp/zoo/edsr.hpp"
#include "crisp/zoo/espcn.hpp"
#include "crisp/zoo/fsrcnn.hpp"
#include "crisp/zoo/global_regression.hpp"
#include "crisp/zoo/hybrid.hpp"
#include "crisp/zoo/lapsrn.hpp"
#include "crisp/zoo/ms_lapsrn.hpp"
#include "crisp/zoo/msrresnet.hpp"
#include "crisp/zoo/small_edsr.hpp"
#include "crisp/zoo/sparse_coding.hpp"
#include "crisp/zoo/sr_autoencoder.hpp"
#include "crisp/zoo/srcnn.hpp"
#include "crisp/zoo/srcnn_bn.hpp"
#include "crisp/zoo/srresnet.hpp"
#include "crisp/zoo/srresnet_lecture.hpp"
#include "crisp/zoo/srresnet_lite.hpp"
#include "crisp/zoo/swinir.hpp"
#include "crisp/zoo/vdsr.hpp"

namespace crisp::zoo {

/// Entries of networks, in the order in which people read them.
template <class... Entries>
struct EntryList {
  /// Calls f(entry) for each.
  template <class F>
  static void each(F&& f) {
    (f(Entries{}), ...);
  }
};

using Networks =
    EntryList<SrcnnEntry, SrcnnBNEntry, SrResNetLectureEntry, SrResNetLiteEntry, SrAutoencoderEntry,
              SrResNetEntry, MsrResNetEntry, SmallEdsrEntry, EdsrEntry, SwinIrEntry, HybridEntry, VdsrEntry,
              ArcnnEntry, FsrcnnEntry, EspcnEntry, LapSrnEntry, MsLapSrnEntry, DncnnEntry, SparseCodingEntry,
              DictionaryEntry, GlobalRegressionEntry, AnchoredRegressionEntry>;

/// All names, each with what people want to know first.
inline std::vector<About> about_networks() {
  std::vector<About> all;
  Networks::each([&](auto entry) {
    for (const About& about : entry.about()) all.push_back(about);
  });
  return all;
}

/// The names that AnyModel::create takes.
inline std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const About& about : about_networks()) names.push_back(about.name);
  return names;
}

/// Calls f(entry) for the entry that has the name. Returns false where there is none.
template <class F>
bool with_entry(const std::string& name, F&& f) {
  bool found = false;
  Networks::each([&](auto entry) {
    for (const About& about : entry.about()) {
      if (about.name != name) continue;
      found = true;
      f(entry);
    }
  });
  return found;
}

/// Whether the name is that of a method that is learnt from examples; false for an unknown name.
inline bool from_examples(const std::string& name) {
  bool found = false;
  with_entry(name, [&](auto entry) { found = entry.from_examples; });
  return found;
}

/// Whether a file of this network's weights serves each of its scales, whatever scale it says; false for an
/// unknown name.
inline bool one_for_all_scales(const std::string& name) {
  bool found = false;
  with_entry(name, [&](auto entry) { found = entry.one_for_all_scales; });
  return found;
}

/// The recipe of the network with this name; for an unknown name that of SRCNN.
inline Recipe recipe_of(const std::string& name, const std::string& variant) {
  Recipe recipe = SrcnnEntry::recipe("srcnn", "");
  with_entry(name, [&](auto entry) { recipe = entry.recipe(name, variant); });
  return recipe;
}

}  // namespace crisp::zoo
