// The list of all networks. A new one has its model in models/, its entry in zoo/, and its place here.
//
// A program of many files may compile the networks in one of them: it defines CRISP_NETWORKS_ELSEWHERE, so
// that the headers of the zoo do not include this one, and one file includes it and instantiates AnyModel and
// known_networks. The crisp program does (examples/crisp/networks.cpp).
#pragma once
#include "crisp/zoo/anchored_regression.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/arcnn.hpp"
#include "crisp/zoo/dictionaries.hpp"
#include "crisp/zoo/dncnn.hpp"
#include "crisp/zoo/edsr.hpp"
#include "crisp/zoo/espcn.hpp"
#include "crisp/zoo/fsrcnn.hpp"
#include "crisp/zoo/global_regression.hpp"
#include "crisp/zoo/hybrid.hpp"
#include "crisp/zoo/known.hpp"
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

/// What each entry says of its network, in the order of Networks; declared in zoo/known.hpp.
template <class Nothing>
const std::vector<KnownNetwork>& known_networks() {
  static const std::vector<KnownNetwork> all = [] {
    std::vector<KnownNetwork> list;
    Networks::each([&]<class E>(E) {
      list.push_back(
          {E::about(), E::from_examples, E::one_for_all_scales, E::recipe, E::recognise, E::renaming});
    });
    return list;
  }();
  return all;
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

// Outside the class: so `extern template class AnyModel<...>` spares other files the compilation of all
// networks.
template <class T, class D>
AnyModel<T, D> AnyModel<T, D>::create(const Settings& given) {
  SettingsReader settings(given);
  const std::string name = settings.word("model", "");
  std::optional<AnyModel> made;
  with_entry(name, [&](auto entry) { made = AnyModel(settings, entry.template make<T, D>(settings)); });
  if (made) return *std::move(made);
  std::string known;
  for (const std::string& one : model_names()) known += " " + one;
  throw Error(str("model: there is no network called '", name, "'; the networks are:", known));
}

}  // namespace crisp::zoo
