// Images, their files, colours and resizing.
#include <fstream>

#include "crisp/data/color.hpp"
#include "crisp/data/image_folder.hpp"
#include "crisp/data/resize.hpp"
#include "data/picture_files.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::data;
using namespace crisp::test;

static void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST_CASE("files come back as they went: every kind, odd sizes, one pixel wide") {
  const TemporaryFolder folder;
  for (Index c : {1, 2, 3, 4})
    for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {7, 1}, {1, 9}, {5, 3}, {33, 20}}) {
      const Image x = noise(h, w, c);
      save_image(folder.path / "x.png", x);
      CHECK(load_image(folder.path / "x.png").samples == x.samples);
      if (c == 3) {
        save_image(folder.path / "x.bmp", x);
        CHECK(load_image(folder.path / "x.bmp").samples == x.samples);
      }
    }
  const Image flat(16, 16, 3, 100);
  save_image(folder.path / "x.jpg", flat, {.jpeg_quality = 95});
  for (float v : load_image(folder.path / "x.jpg").samples) CHECK(std::abs(v - 100) <= 2);
  Image rounded(1, 3, 1);
  rounded.samples = {-5, 99.5f, 300};
  save_image(folder.path / "r.png", rounded);
  CHECK(load_image(folder.path / "r.png").samples == std::vector<float>{0, 100, 255});
}

TEST_CASE("a PNG of 16 bits keeps its fraction") {
  const Png png{2, 1, 16, 0, std::string("\0\1\1\x80\0", 5), "", ""};  // 0x0101 and 0x8000, gray
  const TemporaryFolder folder;
  write(folder.path / "x.png", png.bytes());
  const Image x = load_image(folder.path / "x.png");
  CHECK(x.samples[0] == 1.0f);
  CHECK(x.samples[1] == doctest::Approx(32768 / 257.0));
}

TEST_CASE("the quality of a JPEG is found in its quantisation table; other formats have none") {
  for (int quality : {1, 5, 20, 50, 75, 90, 100}) {
    const ImageHeader header = image_header(encode_image(noise(16, 16, 3), ".jpg", {quality}), "x.jpg");
    CHECK(std::abs(header.jpeg_quality - quality) <= (quality == 1 || quality == 100 ? 4 : 1));
  }
  CHECK(image_header(encode_image(noise(16, 16, 3), ".png"), "x.png").jpeg_quality == 0);
}

TEST_CASE("files that are no images are refused in one sentence") {
  const TemporaryFolder folder;
  const auto path = folder.path / "x.png";
  CHECK_ERROR(load_image(path), "there is no file");
  CHECK_ERROR(load_image(folder.path), "is not a file");
  write(path, "");
  CHECK_ERROR(load_image(path), "is empty (0 bytes)");
  write(path, "a text file that is called .png");
  CHECK_ERROR(load_image(path), "is a text that begins with 'a text file that is called .png'");
  for (const char* format : {".png", ".jpg", ".bmp"}) {
    const std::string whole = encode_image(noise(40, 40, 3), format);
    for (std::size_t keep : {std::size_t(9), whole.size() / 4, whole.size() / 2, whole.size() - 5}) {
      write(path, whole.substr(0, keep));
      INFO(format << " cut to " << keep << " of " << whole.size());
      CHECK(contains(error_of([&] { load_image(path); }), "load_image: '"));
    }
  }
  CHECK_ERROR(list_images(folder.path / "none"), "there is no folder");
  CHECK_ERROR(list_images(path), "is not a folder");
  std::filesystem::remove(path);
  CHECK_ERROR(list_images(folder.path), "there are no images in");
  CHECK_ERROR(save_image(folder.path / "x.gif", noise(2, 2, 1)), "'.gif' is not a format");
  CHECK_ERROR(save_image(folder.path / "x.jpg", noise(2, 2, 4)),
              "2 x 2 RGB with alpha cannot be kept in a .jpg file");
  CHECK_ERROR(save_image(folder.path / "no" / "x.png", noise(2, 2, 1)), "cannot be written");
  CHECK_ERROR(save_image("/dev/full/x.png", noise(2, 2, 1)), "cannot be written");
  CHECK_ERROR(save_image(folder.path / "x.png", Image()), "the image is empty");
}

TEST_CASE("luma and chroma of BT.601") {
  Image x(1, 3, 3);
  x.samples = {255, 255, 255, 255, 0, 0, 0, 0, 0};
  const Image y = luma(x);
  CHECK(y.samples[0] == doctest::Approx(235).epsilon(1e-7));
  CHECK(y.samples[1] == doctest::Approx(81.481).epsilon(1e-7));
  CHECK(y.samples[2] == 16);
  const Image r = noise(9, 7, 3), back = from_ycbcr(to_ycbcr(r));
  for (std::size_t i = 0; i < r.samples.size(); ++i) CHECK(std::abs(back.samples[i] - r.samples[i]) < 1e-3);
  CHECK(luma(noise(2, 2, 2)).channels == 1);
  CHECK_ERROR(to_ycbcr(noise(2, 2, 1)), "a colour image is needed, not 2 x 2 gray");
}

TEST_CASE("the 4 x 4 matrices of each convention") {
  Image x(2, 2, 1);
  x.samples = {10, 20, 30, 40};
  const auto check4 = [&](Resampling m, const std::vector<double>& expected) {
    const Image y = resize(x, 4, 4, m);
    for (std::size_t i = 0; i < expected.size(); ++i) CHECK(std::abs(y.samples[i] - expected[i]) < 1e-6 * 40);
  };
  check4(Resampling::bilinear,
         {10, 12.5, 17.5, 20, 15, 17.5, 22.5, 25, 25, 27.5, 32.5, 35, 30, 32.5, 37.5, 40});
  check4(Resampling::bicubic_torch,
         {6.8359375, 10.15625, 15.625, 18.9453125, 13.4765625, 16.796875, 22.265625, 25.5859375, 24.4140625,
          27.734375, 33.203125, 36.5234375, 31.0546875, 34.375, 39.84375, 43.1640625});
  check4(Resampling::bicubic_matlab, {7.1875, 10.15625, 16.09375, 19.0625});
  check4(Resampling::nearest, {10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40});
}

TEST_CASE("resizing keeps constants, works one pixel wide, and refuses nothing to resize") {
  for (auto m :
       {Resampling::nearest, Resampling::bilinear, Resampling::bicubic_torch, Resampling::bicubic_matlab})
    for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {1, 7}, {13, 5}})
      for (const auto& [a, b] : {std::pair<Index, Index>{1, 1}, {9, 4}, {26, 10}, {3, 2}})
        for (float v : resize(Image(h, w, 2, 77), a, b, m).samples) CHECK(v == doctest::Approx(77));
  CHECK_ERROR(resize(Image(), 2, 2, Resampling::nearest), "the image is empty (0 x 0 pixels)");
  CHECK_ERROR(resize(Image(2, 2, 1), 0, 2, Resampling::nearest), "the new size 0 x 2");
  CHECK_ERROR(reduce(Image(2, 2, 1), 0), "the scale must be at least 1, not 0");
  CHECK_ERROR(crop_to_multiple(Image(2, 5, 1), 3), "an image of 2 x 5 pixels is too small for a scale of 3");
}

TEST_CASE("MATLAB's reduction of Set5 equals the official files in every sample") {
  for (Index scale : {2, 3, 4}) {
    const auto hr = shared("data/Set5/HR"), lr = shared(str("data/Set5/LRbicX", scale));
    if (!hr || !lr) return;
    const auto originals = list_images(*hr), reduced = list_images(*lr);
    REQUIRE(originals.size() == reduced.size());
    for (std::size_t i = 0; i < originals.size(); ++i) {
      const Image ours = round_to_8bit(reduce(crop_to_multiple(load_image(originals[i]), scale), scale,
                                              Resampling::bicubic_matlab, {.round_between = true}));
      CHECK(ours.samples == load_image(reduced[i]).samples);
    }
  }
}
