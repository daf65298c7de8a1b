// The tests of an assignment: a name, points, a title, and sentences for what is missed. grade.sh runs each
// test in a process of its own, and reads the names and points from the lines that begin with TEST.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <vector>

namespace grading {

using Numbers = std::vector<double>;

struct Test {
  std::string name;
  void (*run)();
};
inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}
struct Registered {
  Registered(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

// What the running test missed, a sentence each.
inline std::vector<std::string>& misses() {
  static std::vector<std::string> all;
  return all;
}

template <class... Parts>
std::string text(const Parts&... parts) {
  std::ostringstream out;
  out.precision(7);
  (out << ... << parts);
  return out.str();
}

/// Notes a sentence unless `ok`, and goes on.
template <class... Parts>
bool expect(bool ok, const Parts&... sentence) {
  if (!ok) misses().push_back(text(sentence...));
  return ok;
}

/// The largest |got - want|; infinite where the sizes differ or a value is no number.
inline double distance(const Numbers& got, const Numbers& want) {
  if (got.size() != want.size()) return INFINITY;
  double largest = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double d = std::abs(got[i] - want[i]);
    if (!(d < INFINITY)) return INFINITY;
    largest = std::max(largest, d);
  }
  return largest;
}

/// What comes out of a typical mistake, and the sentence for it.
struct Mistake {
  Numbers value;
  std::string sentence;
};

/// The test is passed if the numbers are right. Else a mistake that gives just these numbers is named; else
/// the first wrong number.
inline bool expect_numbers(const std::string& what, const Numbers& got, const Numbers& want,
                           const std::vector<Mistake>& mistakes = {}, double tolerance = 1e-6) {
  if (distance(got, want) <= tolerance) return true;
  for (const Mistake& m : mistakes)
    if (distance(got, m.value) <= tolerance && distance(m.value, want) > tolerance)
      return expect(false, what, ": ", m.sentence);
  if (got.size() != want.size())
    return expect(false, what, ": ", got.size(), " numbers came out, not ", want.size());
  std::size_t i = 0;
  while (std::abs(got[i] - want[i]) <= tolerance) ++i;
  return expect(false, what, ": number ", i, " is ", got[i], ", not ", want[i]);
}
inline bool expect_number(const std::string& what, double got, double want,
                          const std::vector<Mistake>& mistakes = {}, double tolerance = 1e-6) {
  return expect_numbers(what, Numbers{got}, Numbers{want}, mistakes, tolerance);
}

/// Numbers between -1 and 1 that are the same everywhere.
inline Numbers random_numbers(std::size_t count, unsigned seed = 1) {
  Numbers x(count);
  unsigned state = seed * 2654435761u + 12345u;
  for (double& v : x) {
    for (int i = 0; i < 3; ++i) state = state * 1664525u + 1013904223u;
    v = double(state >> 8) / double(1 << 23) - 1;
  }
  return x;
}

}  // namespace grading

// TEST("2a", 3, "the size of the output") { ... }; a fourth number is the limit in seconds.
#define CRISP_TEST_JOIN2(a, b) a##b
#define CRISP_TEST_JOIN(a, b) CRISP_TEST_JOIN2(a, b)
#define TEST(name, ...)                                                                                      \
  static void CRISP_TEST_JOIN(test_, __LINE__)();                                                            \
  static const grading::Registered CRISP_TEST_JOIN(test_entry_, __LINE__)(name,                              \
                                                                          CRISP_TEST_JOIN(test_, __LINE__)); \
  static void CRISP_TEST_JOIN(test_, __LINE__)()

// usage: grade TEST KEY. The last line is "KEY passed" or "KEY missed"; the lines before it are the
// sentences. A program that ends in between has not said the key.
int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const std::string name = argv[1], key = argv[2];
  std::memset(argv[2], '-', key.size());
  for (const grading::Test& test : grading::tests()) {
    if (test.name != name) continue;
    try {
      test.run();
    } catch (const std::bad_alloc&) {
      grading::misses().push_back("the code asks for more memory than the limit allows");
    } catch (const std::exception& e) {
      grading::misses().push_back(e.what());
    }
    std::printf("\n%s begin\n", key.c_str());
    for (const std::string& sentence : grading::misses()) std::printf("%s\n", sentence.c_str());
    std::printf("%s %s\n", key.c_str(), grading::misses().empty() ? "passed" : "missed");
    std::fflush(stdout);
    std::_Exit(0);
  }
  return 3;
}
