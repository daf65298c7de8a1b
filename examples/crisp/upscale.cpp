// crisp upscale: enlarges an image, or every image of a folder, with a trained network.
#include <iostream>
#include <memory>

#include "common.hpp"
#include "crisp/data/image_io.hpp"
#include "crisp/infer/upscale.hpp"

namespace crisp::program {

namespace {

struct Options {
  fs::path weights, input, output;
  Index scale = 0;
  int jpeg_quality = 95;
  bool quiet = false;
  Computing computing;
};

// Everything that can be seen to be wrong before the network is loaded; the result: the images to enlarge.
std::vector<fs::path> checked_inputs(const Options& o) {
  use(fs::exists(o.input), "INPUT '", o.input.string(), "' does not exist");
  const bool folder = fs::is_directory(o.input), out_exists = fs::exists(o.output);
  use(!out_exists || fs::is_directory(o.output) == folder, "INPUT is a ", folder ? "folder" : "file", ", so OUTPUT '", o.output.string(),
      "' must be a ", folder ? "folder" : "file", " too");
  use(!out_exists || !fs::equivalent(o.input, o.output), "OUTPUT is the same as INPUT: the ", folder ? "images" : "image", " would be overwritten");
  if (folder) return images_in("INPUT", o.input);
  use(data::detail::is_image_extension(data::detail::lower_extension(o.output)), "OUTPUT '", o.output.string(),
      "' must end in .png, .jpg, .jpeg or .bmp: the name says the format");
  return {o.input};
}

void upscale_file(const Network& net, const fs::path& from, const fs::path& to, Index scale, const Options& o) {
  const data::Image image = data::load_image(from);
  data::save_image(to, infer::upscale(net, image, scale), {.jpeg_quality = o.jpeg_quality});
  if (!o.quiet)
    std::cout << to.string() << "  " << image.width << " x " << image.height << " -> " << image.width * scale << " x " << image.height * scale
              << std::endl;
}

void run(const Options& o) {
  o.computing.apply();
  require_file("--weights", o.weights);
  const std::vector<fs::path> files = checked_inputs(o);
  const Loaded loaded = load_network(o.weights);
  const Index scale = choose_scale(loaded, o.weights, o.scale);
  if (!fs::is_directory(o.input)) {
    if (o.output.has_parent_path()) make_folder(o.output.parent_path());
    return upscale_file(loaded.net, o.input, o.output, scale, o);
  }
  make_folder(o.output);
  std::size_t done = 0, failed = 0;
  for (const fs::path& file : files) {
    if (!o.quiet) std::cout << "[" << ++done << "/" << files.size() << "] ";
    try {
      upscale_file(loaded.net, file, o.output / file.filename(), scale, o);
    } catch (const Error& e) {  // one broken file does not stop the others
      if (!o.quiet) std::cout << file.string() << "  failed" << std::endl;
      std::cerr << "crisp: " << e.what() << "\n";
      ++failed;
    }
  }
  check(failed == 0, failed, " of ", files.size(), " images could not be enlarged");
}

}  // namespace

void add_upscale(CLI::App& app) {
  const auto o = std::make_shared<Options>();
  CLI::App& command = *app.add_subcommand("upscale", "Enlarge an image, or every image in a folder, with a trained network");
  command.add_option("--weights", o->weights, "the network, a .safetensors file")->required();
  command.add_option("INPUT", o->input, "an image (PNG, JPEG or BMP), or a folder of images")->required();
  command.add_option("OUTPUT", o->output, "an image (.png, .jpg or .bmp), or for a folder a folder: names are kept")->required();
  command.add_option("--scale", o->scale, "enlargement factor; needed only where the weights file does not say")->check(CLI::Range(1, 8));
  command.add_option("--jpeg-quality", o->jpeg_quality, "quality of .jpg output, 1 to 100")->check(CLI::Range(1, 100))->capture_default_str();
  command.add_flag("--quiet", o->quiet, "print nothing but errors");
  o->computing.add_to(command);
  command.footer("A network on luma sharpens the luma; the colours (Cb, Cr) and alpha are enlarged by bicubic.\n"
                 "Example: crisp upscale --weights run/best.safetensors photo.jpg large.png");
  command.callback([o] { run(*o); });
}

}  // namespace crisp::program
