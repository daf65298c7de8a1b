// A program that uses stb beside crisp. Both read one PNG of its own making; and stb reads a PGM, which
// crisp's copy of stb cannot.
//
// usage: stb FOLDER
//
// stb.sh compiles it with -DSTB_BEFORE or -DSTB_AFTER, for the place of stb's header, and with -DOWN_STB
// where the functions of stb are compiled within this file; else they are those of stb_alone.cpp.

#if defined(OWN_STB)
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_IMPLEMENTATION
#endif
#if defined(STB_BEFORE)
#include <stb_image.h>
#include <stb_image_write.h>
#endif
#include <crisp/data/image_io.hpp>
#if defined(STB_AFTER)
#include <stb_image.h>
#include <stb_image_write.h>
#endif

#if defined(STBI_ONLY_PNG) || defined(STB_IMAGE_STATIC) || defined(STBI_NO_STDIO)
#error "crisp left a setting of stb behind"
#endif
#if defined(OWN_STB) && !(defined(STB_IMAGE_IMPLEMENTATION) && defined(STB_IMAGE_WRITE_IMPLEMENTATION))
#error "crisp took a setting of stb away"
#endif

int main(int, char** arguments) {
  const std::string folder = arguments[1], png = folder + "/two.png", pgm = folder + "/two.pgm";
  const unsigned char two[] = {7, 200};
  if (!stbi_write_png(png.c_str(), 2, 1, 1, two, 2)) return 1;
  const crisp::data::Image image = crisp::data::load_image(png);
  if (image.width != 2 || image.samples != std::vector<float>{7, 200}) return 2;
  crisp::write_file("stb", pgm, std::string("P5 2 1 255\n\x07\xc8", 13));
  for (const std::string& file : {png, pgm}) {
    int width = 0, height = 0, channels = 0;
    unsigned char* const pixels = stbi_load(file.c_str(), &width, &height, &channels, 0);
    if (!pixels || width != 2 || height != 1 || pixels[0] != 7 || pixels[1] != 200) return 3;
    stbi_image_free(pixels);
  }
}
