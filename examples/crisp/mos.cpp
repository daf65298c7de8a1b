// crisp mos: a page on which people rate the results of methods without knowing which is which; mean opinion
// scores of it (Ledig et al. 2017, SRGAN, section 3.4; ITU-R BT.500).
#include <cmath>
#include <ctime>
#include <iostream>
#include <memory>
#include <mutex>
#include <set>

#include "common.hpp"
#include "crisp/core/file.hpp"
#include "local_server.hpp"
#include "pages.hpp"
#include "picture.hpp"
#include "ratings.hpp"
#include "study.hpp"
#include "turns.hpp"

namespace crisp::program {

namespace {

using Json = nlohmann::ordered_json;

struct MosOptions {
  std::vector<fs::path> folders;
  fs::path original, out = "ratings.csv", results;
  ServerOptions server{.port = 8081};
  std::uint64_t seed = 1;
};

std::string now() {
  const std::time_t time = std::time(nullptr);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&time));
  return text;
}

class MosService {
 public:
  explicit MosService(const MosOptions& o)
      : options_(o), stimuli_(stimuli(o.folders, o.original)), ratings_(read_ratings(o.out)) {
    std::set<std::string> methods, pictures;
    for (const Stimulus& s : stimuli_) methods.insert(s.method), pictures.insert(s.picture);
    for (const Rating& r : ratings_)
      check(methods.count(r.method) && pictures.count(r.picture), "'", o.out.string(),
            "' holds a rating of '", r.method, "', picture '", r.picture,
            "', which is not in the folders: it belongs to another study; give another file by --out");
  }

  void add_to(LocalServer& server) {
    server.get("/|/results", [](const Request&) { return page_reply(pages::mos); });
    server.get("/pictures/([0-9a-f]{32})\\.png",
               [this](const Request& r) { return encoding_.take([&] { return picture(r.parts[0]); }); });
    server.get("/api/results", [this](const Request&) { return json_reply(results()); });
    server.post("/api/session", 4096, [this](const Request& r) { return json_reply(session(body_of(r))); });
    server.post("/api/ratings", 4096, [this](const Request& r) { return json_reply(rate(body_of(r))); });
  }

  std::string table() {
    const std::lock_guard lock(mutex_);
    return score_table(ratings_);
  }

 private:
  static Json body_of(const Request& r) {
    const Json body = Json::parse(r.body, nullptr, false);
    if (!body.is_object()) throw Refused(400, "the request is not a JSON object");
    return body;
  }

  // The name, or a new one where it is empty.
  static std::string rater_of(const Json& body) {
    if (!body.contains("rater") || !body["rater"].is_string())
      throw Refused(400, "the request lacks 'rater'");
    const std::string name = body["rater"];
    if (name.empty()) return "rater-" + random_id().substr(0, 8);
    const auto word = [](unsigned char c) { return std::isalnum(c) != 0 || c >= 0x80; };
    bool good = name.size() <= 40 && word(static_cast<unsigned char>(name.front()));
    for (const char c : name)
      good = good && (word(static_cast<unsigned char>(c)) || c == ' ' || c == '-' || c == '_' || c == '.');
    if (!good)
      throw Refused(
          400, "a name has at most 40 letters, digits, spaces and - _ . and begins with a letter or digit");
    return name;
  }

  const Stimulus& find(const std::string& id) const {
    for (const Stimulus& s : stimuli_)
      if (s.id == id) return s;
    throw Refused(404, "there is no such picture: the study may have been started anew; reload the page");
  }

  // Encoded anew: the bytes of the file could tell the method.
  Reply picture(const std::string& id) const {
    const std::string bytes = read_file("picture", find(id).file);
    const data::Picture picture = decode_picture(bytes, "the picture");
    const data::Image& image = picture.image;
    return {"image/png",
            std::make_shared<std::string>(to_png(image.height, image.width, image.channels, 8, picture.colour,
                                                 [&](const Rows& sink) { sink(image); }))};
  }

  bool rated(const std::string& rater, const Stimulus& s) const {
    for (const Rating& r : ratings_)
      if (r.rater == rater && r.method == s.method && r.picture == s.picture) return true;
    return false;
  }

  // How far the rater is, and the next two pictures.
  Json progress(const std::string& rater) const {
    std::size_t done = 0;
    std::vector<std::string> next;
    for (const Stimulus* s : shuffled(stimuli_, options_.seed, rater)) {
      if (rated(rater, *s)) ++done;
      else next.push_back(s->id);
    }
    const auto at = [&](std::size_t i) { return i < next.size() ? Json(next[i]) : Json(nullptr); };
    return {
        {"rater", rater}, {"rated", done}, {"total", stimuli_.size()}, {"picture", at(0)}, {"after", at(1)}};
  }

  Json session(const Json& body) {
    const std::lock_guard lock(mutex_);
    return progress(rater_of(body));
  }

  Json rate(const Json& body) {
    const std::string rater = rater_of(body), id = body.contains("picture") && body["picture"].is_string()
                                                       ? body["picture"]
                                                       : Json("");
    if (!body.contains("rating") || !body["rating"].is_number_integer() || body["rating"] < 1 ||
        body["rating"] > 5)
      throw Refused(400, "a rating is a whole number from 1 (bad) to 5 (excellent)");
    const std::lock_guard lock(mutex_);
    const Stimulus& s = find(id);
    if (rated(rater, s)) throw Refused(409, "this picture has its rating already");
    const Rating rating{now(), rater, s.method, s.picture, body["rating"]};
    append_rating(options_.out, rating);
    ratings_.push_back(rating);
    return progress(rater);
  }

  Json results() {
    const std::lock_guard lock(mutex_);
    Json methods = Json::array();
    std::set<std::string> raters;
    for (const Rating& r : ratings_) raters.insert(r.rater);
    for (const Score& s : scores(ratings_))
      methods.push_back({{"method", s.method},
                         {"mean", s.mean},
                         {"half", is_nan(s.half) ? Json(nullptr) : Json(s.half)},
                         {"ratings", s.ratings}});
    return {{"methods", methods}, {"raters", raters.size()}, {"ratings", ratings_.size()}};
  }

  const MosOptions options_;
  const std::vector<Stimulus> stimuli_;
  Turns encoding_{64};
  std::mutex mutex_;  // of the ratings
  std::vector<Rating> ratings_;
};

void run(const MosOptions& o) {
  use(o.results.empty() != o.folders.empty(), "give folders of pictures to rate, or --results FILE");
  if (!o.results.empty()) {
    require_file("--results", o.results);
    std::cout << score_table(read_ratings(o.results));
    return;
  }
  LocalServer server(o.server);
  MosService service(o);
  service.add_to(server);
  std::cout << "The ratings go to " << o.out.string() << "; the means: " << server.address() << "/results"
            << std::endl;
  server.run([] {});
  std::cout << service.table() << std::flush;
}

}  // namespace

void add_mos(Program& program) {
  const auto o = std::make_shared<MosOptions>();
  Command command = program.command(
      "mos", "Open a page on this machine on which people rate results blind: mean opinion scores");
  command.option("DIR", o->folders, "folders of pictures, one a method, with pictures of the same names");
  command.option("--original", o->original, "the originals, which are rated as one more method");
  command
      .option("--out", o->out,
              "the CSV file that the ratings are added to; who comes again goes on where he stopped")
      .shows_default();
  command.option("--results", o->results, "print the means of such a file, and end");
  o->server.add_to(command);
  command.option("--seed", o->seed, "of the order of the pictures").shows_default();
  command.footer(
      "Each rater sees every picture once, in an order of his own, and gives it 1 (bad) to 5 (excellent).\n"
      "Example: crisp mos results/bicubic results/srresnet results/srgan --original Set5/HR");
  command.callback([o] { run(*o); });
}

}  // namespace crisp::program
