// The classical methods: goldens of the authors' programs, what must hold for any dictionary, learning from a
// few pictures, wrong use.
#include <algorithm>
#include <map>

#include "crisp/classic/aplus.hpp"
#include "crisp/classic/global_regression.hpp"
#include "crisp/classic/neighbour_embedding.hpp"
#include "crisp/classic/self_similarity.hpp"
#include "crisp/classic/sparse_coding.hpp"
#include "crisp/classic/zeyde.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/io/safetensors.hpp"
#include "shared.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::classic;
using namespace crisp::test;

namespace {

// The last two axes of a tensor of a file.
Matrix matrix_of(const io::SafeTensors& file, const std::string& name) {
  const io::HostTensor& t = file.tensors.at(name);
  const std::vector<double> v = t.values<double>();
  return Eigen::Map<const RowMajorMatrix<double>>(v.data(), t.shape[-2], t.shape[-1]);
}

Dictionary dictionary_of(const io::SafeTensors& f) {
  return {matrix_of(f, "pca"), matrix_of(f, "dict_low"), matrix_of(f, "dict_high")};
}

// The largest difference on 0..255, without `border` pixels around.
double difference(const data::Image& a, const Matrix& b, Index border) {
  return 255 * (to_plane(a) - b)
                   .block(border, border, b.rows() - 2 * border, b.cols() - 2 * border)
                   .cwiseAbs()
                   .maxCoeff();
}

std::vector<data::Image> leaves(Index count, Index size) {
  return data::dead_leaves({.count = count, .height = size, .width = size});
}

double error_of_luma(const data::Image& a, const data::Image& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.samples.size(); ++i)
    sum += std::pow(double(a.samples[i]) - double(b.samples[i]), 2);
  return sum;
}

// A dictionary of random numbers, for x2.
Dictionary random_dictionary() {
  Rng rng(1);
  Dictionary d{Matrix(144, 6), Matrix(6, 50), Matrix(36, 50)};
  for (Matrix* m : {&d.projection, &d.low, &d.high})
    for (Index i = 0; i < m->size(); ++i) m->data()[i] = rng.normal() / 10;
  for (Index i = 0; i < 50; ++i) d.low.col(i).normalize();
  return d;
}

}  // namespace

TEST_CASE("classic: GR, ANR, NE+LLE and Zeyde give the pictures of the authors' program") {
  const auto folder = shared("weights/timofte_x3_dictionary");
  if (!folder) return;
  const Dictionary d = dictionary_of(io::read_safetensors(*folder / "weights.safetensors"));
  const io::SafeTensors golden = io::read_safetensors(*folder / "golden.safetensors");
  const std::map<std::string, Predict> methods{{"gr", GlobalRegression{global_regressor(d, 3)}},
                                               {"anr", anchored_regression(d, 3)},
                                               {"ne_lle", NeighbourEmbedding(d, Embedding::lle)},
                                               {"zeyde", ZeydeCoding(d)}};
  const data::Image lr = to_image(matrix_of(golden, "input_butterfly"));
  const Plane mid = to_plane(data::enlarge(lr, 3));
  CHECK(255 * (mid - matrix_of(golden, "bicubic_butterfly")).cwiseAbs().maxCoeff() < 1e-3);
  const PatchGrid grid{3, mid.rows(), mid.cols()};
  const Matrix raw = patches_of_row(gradient_maps(mid, 3), grid, 0);
  CHECK((raw.leftCols(8).transpose() - matrix_of(golden, "features_butterfly")).cwiseAbs().maxCoeff() < 1e-5);
  CHECK((raw.leftCols(64).transpose() * d.projection - matrix_of(golden, "projected_butterfly"))
            .cwiseAbs()
            .maxCoeff() < 1e-5);
  for (const auto& one : methods) {
    const std::string name = one.first;
    CAPTURE(name);
    const data::Image y = enlarge_by_details(lr, 3, d.projection, one.second);
    CHECK(difference(y, matrix_of(golden, "output_butterfly_" + name), 3) < 0.0255);
  }
}

TEST_CASE("classic: A+ gives the picture of the authors' program") {
  const auto folder = shared("weights/timofte_x2_dictionary");
  if (!folder) return;
  const Dictionary d = dictionary_of(io::read_safetensors(*folder / "weights.safetensors"));
  const io::SafeTensors golden = io::read_safetensors(*folder / "golden.safetensors");
  // (1024, 36, 28)
  const io::HostTensor all = io::read_safetensors(*folder / "aplus.safetensors").tensors.at("regressors");
  const std::vector<double> v = all.values<double>();
  AnchoredRegression method{d.low, {}};
  for (Index i = 0; i < all.shape[0]; ++i)
    method.regressors.push_back(Eigen::Map<const RowMajorMatrix<double>>(v.data() + i * 36 * 28, 36, 28));
  const data::Image y =
      enlarge_by_details(to_image(matrix_of(golden, "input_butterfly")), 2, d.projection, method);
  CHECK(difference(y, matrix_of(golden, "output_butterfly_aplus"), 2) < 0.0255);
}

TEST_CASE("classic: SC finds the features and the codes of its authors' dictionary, and the picture") {
  const auto folder = shared("weights/yang2008_x3_dictionary");
  if (!folder) return;
  const io::SafeTensors file = io::read_safetensors(*folder / "weights.safetensors");
  const io::SafeTensors golden = io::read_safetensors(*folder / "golden.safetensors");
  const SparseCoding method{3, matrix_of(file, "dict_low"), matrix_of(file, "dict_high")};
  const data::Image lr = to_image(matrix_of(golden, "input_butterfly"));
  const Plane mid = to_plane(data::enlarge(lr, 2));
  const std::array<Plane, 4> maps = sparse_coding_maps(mid);
  for (Index i = 0; i < 4; ++i) {  // the first four patches, down the first column
    const Vector f = method.feature(maps, 2 * (1 + i), 2).first;
    CHECK((f.transpose() - matrix_of(golden, "features_butterfly").row(i)).cwiseAbs().maxCoeff() < 1e-4);
    const Vector a = nonnegative_weights(method.gram, method.low.transpose() * f, method.price);
    CHECK((a.transpose() - matrix_of(golden, "code_butterfly").row(i)).cwiseAbs().maxCoeff() < 1e-4);
  }
  const data::Image part = data::crop(lr, 0, 0, 24, 24);  // the whole takes seconds
  const Matrix expected = matrix_of(golden, "output_butterfly").block(0, 0, 72, 72);
  const Matrix seen = to_plane(enlarge(method, part));
  CHECK(255 * (seen - expected).block(3, 3, 54, 54).cwiseAbs().maxCoeff() < 0.1);
}

TEST_CASE("classic: where nothing is predicted the result is bicubic; what is predicted is averaged") {
  const Matrix projection = Matrix::Identity(324, 2);
  const data::Image lr = data::reduce(leaves(1, 60)[0], 3);
  const Plane mid = to_plane(data::enlarge(lr, 3));
  const auto all = [](double value) {
    return [value](const Matrix& f) -> Matrix { return Matrix::Constant(81, f.cols(), value); };
  };
  CHECK(add_details(mid, 3, projection, all(0)) == mid);
  const Plane more = add_details(mid, 3, projection, all(0.5)) - mid;
  CHECK(more.block(3, 3, 54, 54).isApproxToConstant(0.5));
  CHECK(more.row(2).norm() == 0);  // in no patch
}

TEST_CASE("classic: all methods give the same bits for any number of threads") {
  const Dictionary d = random_dictionary();
  const data::Image lr = data::reduce(leaves(1, 60)[0], 2);
  const Predict methods[] = {GlobalRegression{global_regressor(d, 2)},
                             anchored_regression(d, 2),
                             ZeydeCoding(d),
                             NeighbourEmbedding(d, Embedding::lle),
                             NeighbourEmbedding(d, Embedding::least_squares),
                             NeighbourEmbedding(d, Embedding::nonnegative)};
  for (const Predict& method : methods)
    check_threads([&] { return enlarge_by_details(lr, 2, d.projection, method).samples; });
  check_threads([&] { return enlarge_by_self_similarity(data::crop(lr, 0, 0, 16, 18), 2).samples; });
  Rng rng(2);
  SparseCoding sc{2, Matrix(144, 40), Matrix(36, 40)};
  for (Matrix* m : {&sc.low, &sc.high})
    for (Index i = 0; i < m->size(); ++i) m->data()[i] = rng.normal() / 12;
  sc.gram = sc.low.transpose() * sc.low;
  check_threads([&] { return enlarge(sc, lr).samples; });
}

TEST_CASE(
    "classic: learnt from a few pictures, a method is better than bicubic on another one, with any threads") {
  std::vector<data::Image> pictures = leaves(5, 96);
  const data::Image hr = pictures.back();
  pictures.pop_back();
  const KsvdOptions ksvd{.atoms = 32, .rounds = 3};
  const AplusOptions aplus{.sizes = 2, .max_examples = 9000, .neighbours = 128};
  const Dictionary d = learn_dictionary(pictures, 2, ksvd);
  CHECK(d.low.cols() == 32);
  CHECK(d.high.rows() == 36);
  const data::Image lr = data::reduce(hr, 2);
  const double bicubic = error_of_luma(data::enlarge(lr, 2), hr);
  const AnchoredRegression learnt = learn_aplus(pictures, 2, d, aplus);
  CHECK(error_of_luma(enlarge_by_details(lr, 2, d.projection, ZeydeCoding(d)), hr) < 0.9 * bicubic);
  CHECK(error_of_luma(enlarge_by_details(lr, 2, d.projection, learnt), hr) < 0.9 * bicubic);
  check_threads([&] {
    const Dictionary again = learn_dictionary(pictures, 2, {.atoms = 16, .rounds = 1});
    const Matrix r = learn_aplus(pictures, 2, again, {.sizes = 1, .neighbours = 40}).regressors[7];
    return std::vector<double>(r.data(), r.data() + r.size());
  });
}

TEST_CASE("classic: A+'s neighbours are the nearest features by distance, also beside flat patches") {
  Rng rng(3);
  Eigen::MatrixXf features(4, 300), anchors(4, 3);
  for (Eigen::MatrixXf* m : {&features, &anchors})
    for (Index i = 0; i < m->cols(); ++i) {
      for (Index j = 0; j < 4; ++j) (*m)(j, i) = float(rng.normal());
      m->col(i).normalize();
    }
  features.col(17).setZero();
  const auto found = classic::detail::nearest_features(anchors, features, 250);
  for (Index a = 0; a < 3; ++a) {
    std::vector<std::pair<float, Index>> all;
    for (Index i = 0; i < 300; ++i) all.push_back({(features.col(i) - anchors.col(a)).norm(), i});
    std::sort(all.begin(), all.end());
    std::vector<Index> expected;
    for (std::size_t i = 0; i < 250; ++i) expected.push_back(all[i].second);
    std::vector<Index> seen = found[std::size_t(a)];
    std::sort(expected.begin(), expected.end());
    std::sort(seen.begin(), seen.end());
    CHECK(seen == expected);
  }
}

TEST_CASE("classic: back-projection brings the small picture back; self-similarity too, and sharper") {
  const data::Image hr = leaves(1, 64)[0], lr = data::reduce(hr, 2);
  const data::Image plain = data::enlarge(lr, 2), back = enlarge_by_back_projection(lr, 2);
  CHECK(error_of_luma(data::reduce(back, 2), lr) < 0.05 * error_of_luma(data::reduce(plain, 2), lr));
  CHECK(error_of_luma(back, hr) < error_of_luma(plain, hr));
  const data::Image own = enlarge_by_self_similarity(lr, 2);
  CHECK(error_of_luma(own, hr) < error_of_luma(plain, hr));
  for (const Index scale : {2, 3}) {
    const data::Image flat = enlarge_by_self_similarity(data::Image(12, 15, 1, 77), scale);
    CHECK(flat.height == 12 * scale);
    CHECK(flat.width == 15 * scale);
    for (const float v : flat.samples) CHECK(std::abs(v - 77) < 0.01f);
  }
}

TEST_CASE("classic: wrong use is told in words") {
  const Dictionary d = random_dictionary();
  const Predict gr = GlobalRegression{global_regressor(d, 2)};
  CHECK_ERROR(global_regressor(d, 3), "patches of 36 pixels and features of 144 are not those of x3");
  CHECK_ERROR(enlarge_by_details(data::Image(20, 20, 1), 3, d.projection, gr),
              "is the dictionary of another scale?");
  CHECK_ERROR(enlarge_by_details(data::Image(4, 9, 1), 2, d.projection, gr),
              "a picture of 4 x 9 pixels is smaller");
  CHECK_ERROR(enlarge_by_details(data::Image(9, 9, 3), 2, d.projection, gr), "a gray picture is needed");
  CHECK_ERROR(anchored_regression(d, 2, {.neighbours = 51}),
              "51 neighbours were asked for of a dictionary of 50");
  CHECK_ERROR(ZeydeCoding(d, 0), "0 of 50 atoms");
  CHECK_ERROR(NeighbourEmbedding(d, Embedding::lle, 60), "60 neighbours");
  CHECK_ERROR(check_dictionary({d.projection, d.low, Matrix(36, 9)}, 2), "do not belong together");
  CHECK_ERROR(learn_dictionary(leaves(1, 20), 2), "1024 atoms cannot be learnt from 9 patches of 1 pictures");
  CHECK_ERROR(learn_aplus({}, 2, d), "0 pictures have no patch of x2");
  CHECK_ERROR(enlarge(SparseCoding{3, Matrix(144, 4), Matrix(36, 4)}, data::Image(9, 9, 1)),
              "is not one of x3");
  CHECK_ERROR(back_project(data::Image(4, 4, 1), data::Image(2, 2, 1), -1), "-1 rounds");
  CHECK_ERROR(enlarge_by_self_similarity(data::Image(9, 40, 1), 2), "too small to resemble itself");
}
