// crisp upscale: enlarges an image, or every image of a folder, with a trained network.
#include <chrono>
#include <iostream>
#include <memory>

#include "built_in.hpp"
#include "common.hpp"
#include "comparison.hpp"
#include "crisp/data/image_writer.hpp"
#include "crisp/report/progress_bar.hpp"
#include "device.hpp"
#include "picture.hpp"

namespace crisp::program {

namespace {

struct UpscaleOptions {
  Weights weights;
  fs::path input, output, compare;
  std::string memory = "2G";
  Index scale = 0, tile = 0;
  int jpeg_quality = 95, bits = 0;
  bool ensemble = false, quiet = false;
  Computing computing;
};

// Everything that can be seen to be wrong before the network is loaded; the result: the images to enlarge.
std::vector<fs::path> checked_inputs(const UpscaleOptions& o) {
  use(fs::exists(o.input), "INPUT '", o.input.string(), "' does not exist");
  const bool folder = fs::is_directory(o.input), out_exists = fs::exists(o.output);
  use(!out_exists || fs::is_directory(o.output) == folder, "INPUT is a ", folder ? "folder" : "file",
      ", so OUTPUT '", o.output.string(), "' must be a ", folder ? "folder" : "file", " too");
  use(!out_exists || !fs::equivalent(o.input, o.output), "OUTPUT is the same as INPUT: the ",
      folder ? "images" : "image", " would be overwritten");
  if (folder) return images_in("INPUT", o.input);
  use(data::detail::is_written(data::lower_extension(o.output)), "OUTPUT '", o.output.string(),
      "' must end in .png, .jpg, .jpeg or .bmp: the name says the format");
  return {o.input};
}

// What one run has: the network, and the state of its progress over all images.
struct Job {
  Running network;
  std::string name;
  Index scale = 1;
  report::ProgressBar bar;
  std::size_t images = 1, done = 0;
  std::chrono::steady_clock::time_point begun = std::chrono::steady_clock::now();

  void show(double of_image) {
    if (!bar.due()) return;
    const double part = (double(done) + of_image) / double(images),
                 seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    bar.update(part, images == 1 ? "" : str("image ", done + 1, " of ", images, "  "),
               part > 0 ? seconds * (1 - part) / part : 0);
  }
};

void tell(const fs::path& file, const std::string& note) {
  std::cerr << "crisp: note: '" << file.string() << "': " << note << "\n";
}

// Says, before the work, where the image alone takes more than --memory (its file, and its samples as bytes
// and as float), and where it is a JPEG whose blocks would be enlarged with it.
data::Picture load_noting(const fs::path& from, Index scale, Index memory) {
  const std::string bytes = read_file("load_image", from);
  const data::ImageHeader header = data::image_header(bytes, from.string());
  constexpr int few_blocks = 60;  // the quality from which they hardly show
  if (header.jpeg_quality > 0 && header.jpeg_quality < few_blocks && scale > 1)
    tell(from, str("a JPEG of quality about ", header.jpeg_quality,
                   ", whose blocks are enlarged too; crisp upscale --scale 1 takes them off first"));
  constexpr Index channels = 3, of_sample = 1 + sizeof(float);
  constexpr Index program = 32 << 20;  // and the smallest tiles
  const Index samples = header.height * header.width * channels;
  const Index needed = Index(bytes.size()) + samples * of_sample + program;
  if (needed > memory)
    tell(from, str("--memory cannot be kept: the image of ", header.width, " x ", header.height,
                   " pixels alone takes about ", (needed >> 20) + 1, "M"));
  return data::decode_picture(bytes, from.string());
}

void upscale_file(Job& job, const fs::path& from, const fs::path& to, const fs::path& compare,
                  const UpscaleOptions& o) {
  const Index memory = bytes_of("--memory", o.memory);
  data::Picture picture = load_noting(from, job.scale, memory);
  for (const std::string& note : picture.notes) tell(from, note);
  const bool png = data::lower_extension(to) == ".png";
  const data::Image image =
      png ? std::move(picture.image) : data::without_opaque_alpha(std::move(picture.image));
  const Index height = image.height * job.scale, width = image.width * job.scale;
  constexpr Index limit = 64000000;
  check(compare.empty() || height * width <= limit, "--compare keeps the whole result in memory: at most ",
        limit, " pixels, not ", height, " x ", width);
  const int usual_bits = png ? picture.bits : 8;
  const int bits = o.bits > 0 ? o.bits : usual_bits;
  data::ImageWriter writer(to, height, width, image.channels,
                           {.bits = bits, .jpeg_quality = o.jpeg_quality, .colour = picture.colour});
  data::Image whole(compare.empty() ? 0 : height, compare.empty() ? 0 : width, image.channels);
  auto end = whole.samples.begin();
  job.network.upscale(image, job.scale,
                      {.memory = memory,
                       .tile = o.tile,
                       .ensemble = o.ensemble,
                       .progress = [&](double part) { job.show(part); }},
                      [&](const data::Image& rows) {
                        writer.write(rows);
                        if (!compare.empty()) end = std::copy(rows.samples.begin(), rows.samples.end(), end);
                      });
  writer.finish();
  if (!compare.empty()) data::save_image(compare, comparison(image, whole, job.scale, job.name));
  const std::string place = job.images > 1 ? str("[", job.done + 1, "/", job.images, "] ") : "";
  job.bar.line(str(place, to.string(), "  ", image.width, " x ", image.height, " -> ", width, " x ", height));
}

void upscale_folder(Job& job, const std::vector<fs::path>& files, const UpscaleOptions& o) {
  const std::vector<std::string> stems = distinct_stems(files);
  std::size_t failed = 0;
  for (const fs::path& file : files) {
    const std::string png = stems[job.done] + ".png";
    const bool same_format = data::detail::is_written(data::lower_extension(file));
    try {
      upscale_file(job, file, o.output / (same_format ? file.filename() : fs::path(png)),
                   o.compare.empty() ? fs::path() : o.compare / png, o);
    } catch (const Error& e) {  // one broken file does not stop the others
      job.bar.line(str("[", job.done + 1, "/", job.images, "] ", file.string(), "  failed"));
      std::cerr << "crisp: " << e.what() << "\n";
      ++failed;
    }
    ++job.done;
  }
  if (!o.quiet) tell_left_out(o.input);
  check(failed == 0, failed, " of ", files.size(), " images could not be enlarged");
}

// Says which network is used, where the user named none.
void tell_built_in(const fs::path& network) {
  std::cout << "network   " << network.string() << ": " << about_built_in(network)
            << "; --weights FILE takes another\n";
}

void run_upscale(UpscaleOptions& o) {
  use(o.weights.given() <= 1, "give either --weights FILE or --interpolate A B PART");
  const bool none_named = o.weights.given() == 0 || o.weights.file == "built-in";
  if (none_named) o.weights.file = built_in_for(o.scale);
  o.computing.apply();
  bytes_of("--memory", o.memory);
  require_weights("--weights", o.weights.named());
  const std::vector<fs::path> files = checked_inputs(o);
  const Loaded loaded = o.weights.load(o.scale);
  const Index scale = choose_scale(loaded, o.weights.named(), o.scale);
  if (none_named && !o.quiet) tell_built_in(o.weights.file);
  Job job{running_on(o.computing, loaded.net), loaded.net->name(), scale, report::ProgressBar(o.quiet),
          files.size()};
  if (fs::is_directory(o.input)) {
    make_folder(o.output);
    if (!o.compare.empty()) make_folder(o.compare);
    return upscale_folder(job, files, o);
  }
  for (const fs::path& file : {o.output, o.compare})
    if (file.has_parent_path()) make_folder(file.parent_path());
  upscale_file(job, o.input, o.output, o.compare, o);
}

}  // namespace

void add_upscale(Program& program) {
  const auto o = std::make_shared<UpscaleOptions>();
  Command command =
      program.command("upscale", "Enlarge an image, or every image in a folder, with a trained network");
  o->weights.add_to(command);
  command
      .option(
          "INPUT", o->input,
          "an image (PNG, JPEG, BMP; WebP and TIFF where crisp was built with them), or a folder of images")
      .required();
  command
      .option("OUTPUT", o->output,
              "an image (.png, .jpg or .bmp), or for a folder a folder: names are kept, WebP and TIFF become "
              ".png")
      .required();
  command
      .option("--scale", o->scale,
              "enlargement factor: of the built-in network, or where the weights file does not say")
      .range(1, 8);
  command
      .option("--memory", o->memory,
              "memory that may be used, such as 500M or 2G: large images are done in tiles")
      .shows_default();
  command.option("--tile", o->tile, "or the side of a tile, in pixels of the small image").range(1, 100000);
  command.flag("--ensemble", o->ensemble,
               "the mean over eight turned and flipped positions: eight times the work, a little better");
  command.option("--compare", o->compare,
                 "also write a picture that shows bicubic and the network side by side, with details (for a "
                 "folder: a folder)");
  command.option("--bits", o->bits, "bits of a sample in .png output: 8 or 16 (default: those of the input)")
      .one_of({8, 16});
  command.option("--jpeg-quality", o->jpeg_quality, "quality of .jpg output, 1 to 100")
      .range(1, 100)
      .shows_default();
  command.flag("--quiet", o->quiet, "print nothing but errors");
  o->computing.add_to(command);
  command.footer(
      "A network on luma sharpens the luma; the colours (Cb, Cr) and alpha are enlarged by bicubic.\n"
      "--interpolate psnr.pth gan.pth 0.8 trades fidelity for texture, as ESRGAN does.\n"
      "Without --weights a network that comes with crisp is used: crisp info --built-in lists them.\n"
      "--scale 1 takes a JPEG's blocks off; do so before a JPEG of low quality is enlarged.\n"
      "Example: crisp upscale photo.jpg large.png --scale 2\n"
      "         crisp upscale --weights run/best.safetensors photo.jpg large.png");
  command.callback([o] { run_upscale(*o); });
}

}  // namespace crisp::program
