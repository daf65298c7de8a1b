// SrResNetLecture in the zoo.
#pragma once
#include "crisp/models/srresnet_lecture.hpp"
#include "crisp/zoo/entry.hpp"

namespace crisp::zoo {

struct SrResNetLectureEntry : Entry {
  static std::vector<About> about() { return {{"srresnet-lecture", "six residual blocks", "a lecture"}}; }

  template <class T, class D>
  static models::SrResNetLecture<T, D> make(SettingsReader&) {
    return models::SrResNetLecture<T, D>();
  }

  static Recipe recipe(const std::string&, const std::string&) { return lecture_recipe(); }
};

}  // namespace crisp::zoo
