// Scoped: a variable holds another value for the length of a block, whichever way the block ends.
#include "crisp/core/scoped.hpp"

#include <stdexcept>
#include <string>

#include "support.hpp"

using namespace crisp;

TEST_CASE("Scoped puts the old value back: at the end of a block, nested or not, and after an exception") {
  std::string word = "before";
  {
    const Scoped outer(word, "outer");
    CHECK(word == "outer");
    {
      const Scoped inner(word, "inner");
      CHECK(word == "inner");
    }
    CHECK(word == "outer");
  }
  CHECK(word == "before");
  const auto fails = [&] {
    const Scoped guard(word, "within");
    throw std::runtime_error(word);
  };
  CHECK_THROWS_WITH(fails(), "within");
  CHECK(word == "before");
}
