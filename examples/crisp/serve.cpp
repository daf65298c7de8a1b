// crisp serve: a page on this machine, on which pictures are enlarged by trained networks.
#include <algorithm>
#include <iostream>
#include <memory>

#include "built_in.hpp"
#include "common.hpp"
#include "device.hpp"
#include "jobs.hpp"
#include "local_server.hpp"
#include "pages.hpp"
#include "picture.hpp"
#include "turns.hpp"

namespace crisp::program {

namespace {

using Json = nlohmann::ordered_json;

struct ServeOptions {
  std::vector<std::string> weights{"built-in"};
  std::string key;
  ServerOptions server{.port = 8080};
  std::string max_upload_text = "32M", memory_text = "2G";
  Index max_upload = 0, memory = 0;  // the same in bytes
  double keep = 10;
  Computing computing;
};

struct Model {
  std::string label;
  models::InputSpec spec;
  Running network;
  std::vector<Index> scales;  // the one that it was trained for is first
};

// What the page calls the network of a file.
std::string label_of(const fs::path& file, const Network& net) {
  const fs::path named = fs::absolute(file).lexically_normal();
  const std::string short_path = (named.parent_path().filename() / named.filename()).string();
  return net.name() + " · " + (is_built_in(file) ? file.string() : short_path);
}

Model load_model(const fs::path& file, const ServeOptions& o) {
  const Loaded loaded = load_network(file, o.key);
  try_out(*loaded.net);
  std::vector<Index> scales;
  if (loaded.knows_scale || !loaded.net->input_spec().enlarged) scales.push_back(loaded.net->scale());
  if (loaded.net->input_spec().enlarged)
    for (const Index scale : {2, 3, 4})
      if (std::find(scales.begin(), scales.end(), scale) == scales.end()) scales.push_back(scale);
  return {label_of(file, *loaded.net), loaded.net->input_spec(), running_on(o.computing, loaded.net), scales};
}

// What a picture needs while it is computed: the input and both results in floating point, and their bytes as
// PNG.
Index max_pixels(const ServeOptions& o) { return std::min(o.memory / 32, Index(1) << 28); }

// Tiles of eight times what the network sees beyond them, at least 96 pixels: small ones show progress and
// end soon when cancelled, large ones compute less twice. 0: those of infer::upscale, where the network sees
// the whole picture.
Index tile_of(const models::InputSpec& spec, Index scale) {
  if (spec.reach < 0) return 0;
  return std::max<Index>(96, 8 * (spec.enlarged ? ceil_div(spec.reach, scale) : spec.reach));
}

class Service {
 public:
  explicit Service(const ServeOptions& o)
      : options_(o),
        jobs_({.kept = std::chrono::seconds(std::lround(o.keep * 60))}, [o] { o.computing.apply(); }) {
    for (const fs::path file : o.weights) models_.push_back(load_model(file, o));
  }

  void add_to(LocalServer& server) {
    const std::string job = "/api/jobs/([0-9a-f]{32})";
    server.get("/", [](const Request&) { return page_reply(pages::serve); });
    server.get("/api/info", [this](const Request&) { return json_reply(info()); });
    server.post("/api/jobs", std::uint64_t(options_.max_upload),
                [this](const Request& r) { return json_reply(add(r)); });
    server.get(job, [this](const Request& r) { return json_reply(state(r.parts[0])); });
    server.get(job + "/(before|after)\\.png", [this](const Request& r) {
      return Reply{"image/png", jobs_.file(r.parts[0], r.parts[1])};
    });
    server.post(job + "/drop", 1024, [this](const Request& r) {
      return jobs_.drop(r.parts[0]), json_reply({{"dropped", true}});
    });
  }
  void sweep() { jobs_.sweep(); }
  bool computes() { return jobs_.computes(); }

 private:
  Json info() const {
    Json models = Json::array();
    for (const Model& m : models_) models.push_back({{"label", m.label}, {"scales", m.scales}});
    return {{"models", models},
            {"formats", readable_formats()},
            {"max_upload", options_.max_upload},
            {"max_pixels", max_pixels(options_)}};
  }

  // Checks the picture, and puts it into the queue.
  Json add(const Request& r) {
    if (jobs_.full()) throw busy();
    const auto model = std::size_t(r.number("model"));
    if (model >= models_.size())
      throw Refused(400, str("there is no model number ", model, "; there are ", models_.size(), ", from 0"));
    const Index scale = r.number("scale");
    const std::vector<Index>& scales = models_[model].scales;
    if (std::find(scales.begin(), scales.end(), scale) == scales.end())
      throw Refused(400, str("this network does not enlarge by ", scale));
    const std::string name = r.query.count("name") ? r.parameter("name").substr(0, 200) : "picture";
    const PictureSize size = checking_.take([&] { return checked(r.body, name, scale); });

    const auto upload = std::make_shared<std::string>(r.body);
    const Work work{models_[model].spec, models_[model].network, upload, name, scale, options_.memory};
    const std::string id = jobs_.add(work);
    if (id.empty()) throw busy();
    return {{"id", id}, {"width", size.width}, {"height", size.height}, {"scale", scale}};
  }

  PictureSize checked(const std::string& bytes, const std::string& name, Index scale) const {
    try {
      const PictureSize size = picture_size(bytes, name);
      const Index limit = max_pixels(options_), pixels = size.height * size.width;
      if (pixels > limit / (scale * scale))
        throw Refused(413, str("'", name, "' has ", size.width, " x ", size.height, " pixels; enlarged ",
                               scale, " times that would be ", pixels * scale * scale, ", and at most ",
                               limit, " can be made (crisp serve --memory allows more)"));
      decode_picture(bytes, name);
      return size;
    } catch (const Refused&) {
      throw;
    } catch (const Error& e) {
      throw Refused(400, e.what());
    }
  }

  Json state(const std::string& id) {
    const Jobs::State s = jobs_.state(id);
    Json out{{"state", s.name}, {"ahead", s.ahead}, {"done", s.done}};
    if (s.left >= 0) out["left"] = s.left;
    if (s.name == "failed") out["error"] = s.error;
    return out;
  }

  // Enlarges one picture; a copy of it goes into the queue.
  struct Work {
    models::InputSpec spec;
    Running network;
    std::shared_ptr<const std::string> bytes;
    std::string name;
    Index scale, memory;

    Jobs::Files operator()(const std::function<void(double)>& progress) const {
      const data::Picture picture = decode_picture(*bytes, name);
      const data::Image& image = picture.image;
      const auto png = [&](const std::function<void(const Rows&)>& make) {
        return std::make_shared<std::string>(to_png(image.height * scale, image.width * scale, image.channels,
                                                    picture.bits, picture.colour, make));
      };
      const infer::Options options{.memory = memory, .tile = tile_of(spec, scale), .progress = progress};
      progress(0);
      const auto after = png([&](const Rows& sink) { network.upscale(image, scale, options, sink); });
      progress(1);
      return {{"before", png([&](const Rows& sink) {
                 sink(data::enlarge(data::fill_hidden(image), scale, data::Resampling::bicubic_matlab));
               })},
              {"after", after}};
    }
  };

  const ServeOptions options_;
  std::vector<Model> models_;
  Turns checking_{8};
  Jobs jobs_;
};

void run(ServeOptions& o) {
  o.computing.apply();
  o.max_upload = bytes_of("--max-upload", o.max_upload_text);
  o.memory = bytes_of("--memory", o.memory_text);
  use(o.max_upload <= Index(1) << 30, "--max-upload must be at most 1G, not ", o.max_upload_text);
  o.weights = with_built_in(o.weights);
  for (const fs::path file : o.weights) require_weights("--weights", file);
  LocalServer server(o.server);
  Service service(o);
  service.add_to(server);
  server.run([&] { service.sweep(); });
  if (service.computes())
    std::cout << "ending after the part that is being computed; Ctrl-C again ends at once" << std::endl;
}

}  // namespace

void add_serve(Program& program) {
  const auto o = std::make_shared<ServeOptions>();
  Command command =
      program.command("serve", "Open a page on this machine that enlarges pictures in the browser");
  command.option(
      "--weights", o->weights,
      "a network: a .safetensors, .pth or .pt file; several are offered for choice (default: built-in, "
      "those that come with crisp)");
  add_key(command, o->key);
  o->server.add_to(command);
  command.option("--max-upload", o->max_upload_text, "the largest file that is taken: bytes, 500K, 32M")
      .shows_default();
  command
      .option("--memory", o->memory_text,
              "memory that one picture may take: bytes, 500M, 2G; it bounds the pictures' size too")
      .shows_default();
  command.option("--keep", o->keep, "minutes after which what nobody asks for is forgotten")
      .range(0.01, 1440.0)
      .shows_default();
  o->computing.add_to(command);
  command.footer(
      "Only browsers on this machine reach the page. One picture is computed at a time, eight may wait.\n"
      "Example: crisp serve --weights run/best.safetensors");
  command.callback([o] { run(*o); });
}

}  // namespace crisp::program
