// The tests of assignment 7: windows, their masks and attention beside crisp's, then the layer.
#include <attention.hpp>
#include <crisp/nn/swin_block.hpp>
#include <crisp/testing/gradcheck.hpp>
#include <grading.hpp>

using namespace grading;
using namespace crisp;
using V = Var<double, Cpu>;
using Values = Tensor<double, Cpu>;

static Values random_tensor(Shape shape, unsigned seed = 1) {
  return {shape, random_numbers(std::size_t(shape.numel()), seed)};
}
static Numbers values(const V& x) { return x.value().to_host(); }
static bool expect_shape(const V& x, Shape want) {
  return expect(x.shape() == want, "the shape is ", str(x.shape()), ", not ", str(want));
}

TEST("7a", 3, "an image in windows") {
  const V x(random_tensor({1, 4, 6, 3}));
  const V y = mine::split_windows(x, 2);
  if (!expect_shape(y, {6, 4, 3})) return;
  expect_numbers("windows of 2 x 2", values(y), values(window_partition(x, 2)),
                 {{values(x), "reshape alone keeps the order of the pixels; permute has to move them"}});
}

TEST("7b", 2, "and put together again") {
  const V x(random_tensor({1, 4, 6, 3}));
  const V y = mine::join_windows(window_partition(x, 2), 2, 4, 6);
  if (!expect_shape(y, {1, 4, 6, 3})) return;
  expect_numbers("the image", values(y), values(x),
                 {{values(window_partition(x, 2)),
                   "reshape alone keeps the order of the pixels; permute has to move them"}});
}

TEST("7c", 4, "the distance of two pixels") {
  const Index M = 3, n = M * M;
  const std::vector<Index> rows = mine::relative_positions(M);
  Numbers got(rows.begin(), rows.end()), want, opposite, exchanged;
  for (Index query = 0; query < n; ++query)
    for (Index key = 0; key < n; ++key) {
      const Index dh = query / M - key / M, dw = query % M - key % M;
      want.push_back(double((dh + M - 1) * (2 * M - 1) + dw + M - 1));
      opposite.push_back(double((M - 1 - dh) * (2 * M - 1) + M - 1 - dw));
      exchanged.push_back(double((dw + M - 1) * (2 * M - 1) + dh + M - 1));
    }
  expect_numbers("M = 3", got, want,
                 {{opposite, "the distance is that of query minus key, not of key minus query"},
                  {exchanged, "rows and columns are exchanged"}});
}

TEST("7d", 4, "the mask of shifted windows") {
  for (Index shift : {1, 2}) {
    const Values got = mine::shift_mask<double>(8, 12, 4, shift),
                 want = shifted_window_mask<double, Cpu>(8, 12, 4, shift);
    if (!expect_shape(got, want.shape())) return;
    Numbers zero_and_one = want.to_host(), inverse = want.to_host();
    for (double& v : zero_and_one) v = v < 0 ? 0 : 1;
    for (double& v : inverse) v = -100 - v;
    if (!expect_numbers(
            text("8 x 12 pixels, M = 4, shift ", shift), got.to_host(), want.to_host(),
            {{Numbers(want.to_host().size(), 0.0),
              "it is 0 everywhere; pixels of opposite edges see each other"},
             {zero_and_one, "the mask is added to the scores: 0 where pixels see each other, -100 elsewhere"},
             {inverse, "it is the wrong way around: 0 where pixels see each other"}}))
      return;
  }
}

TEST("7e", 4, "layer normalisation") {
  const std::size_t pixels = 5, C = 4;
  const Numbers x = random_numbers(pixels * C);
  Numbers turned, over_pixels(x.size());
  for (std::size_t c = 0; c < C; ++c)
    for (std::size_t p = 0; p < pixels; ++p) turned.push_back(x[p * C + c]);
  const auto norm = [](const Numbers& v, Index rows, Index n, double eps = 1e-5) {
    return values(layer_norm(V(Values({rows, n}, v)), V(Values({n}, 1.0)), V(Values({n}, 0.0)), eps));
  };
  const Numbers other = norm(turned, C, pixels);
  for (std::size_t c = 0; c < C; ++c)
    for (std::size_t p = 0; p < pixels; ++p) over_pixels[p * C + c] = other[c * pixels + p];
  expect_numbers(
      "5 pixels of 4 channels", mine::normalised(x, C), norm(x, pixels, C),
      {{over_pixels,
        "the mean goes over the wrong axis: over the pixels of a channel; take the channels of a pixel"},
       {norm(x, 1, pixels * C), "the mean goes over everything; take the channels of a pixel"}});
}

// softmax(a q k^T + b bias + c mask) v by crisp's ops; along the queries where `along` is 1.
static Numbers attention(const V& q, const V& k, const V& v, const V& bias, const V& mask, double a, double b,
                         double c, int along = 2) {
  return no_grad([&] {
    const V scores = matmul(q, permute(k, {0, 2, 1})) * a + bias * b + mask * c;
    const V p = along == 2 ? softmax(scores) : permute(softmax(permute(scores, {0, 2, 1})), {0, 2, 1});
    return values(matmul(p, v));
  });
}

TEST("7f", 6, "attention") {
  const Index B = 3, n = 4, d = 5;
  const V q(random_tensor({B, n, d}, 1)), k(random_tensor({B, n, d}, 2)), v(random_tensor({B, n, d}, 3)),
      bias(random_tensor({n, n}, 4));
  Values m({B, n, n}, 0.0);
  for (Index i = 0; i < B * n * n; i += 5) m.data()[i] = -100;
  const V mask(m);
  const double s = 1 / std::sqrt(5.0);
  const V y = mine::attend(q, k, v, bias, m);
  if (!expect_shape(y, {B, n, d})) return;
  expect_numbers(
      "3 windows of 4 pixels", values(y), attention(q, k, v, bias, mask, s, 1, 1),
      {{attention(q, k, v, bias, mask, 1, 1, 1),
        "the scores are not divided by sqrt(d): the scale is missing"},
       {attention(q, k, v, bias, mask, s * s, 1, 1), "the scores are divided by d, not by its root"},
       {attention(q, k, v, bias, mask, s, 0, 1), "the relative position bias is not added"},
       {attention(q, k, v, bias, mask, s, s, s), "bias and mask are scaled as well; only q k^T is"},
       {attention(q, k, v, bias, mask, s, 1, 0),
        "the mask is not added: pixels of opposite edges see each other"},
       {attention(q, k, v, bias, mask, s, 1, 1, 1),
        "softmax goes over the queries; it has to go over the keys"}});
  expect_numbers("without a mask", values(mine::attend(q, k, v, bias, Values())),
                 attention(q, k, v, bias, mask, s, 1, 0));
}

TEST("7f.2", 3, "its gradient") {
  const auto result =
      testing::gradcheck([](const auto& q, const auto& k, const auto& v,
                            const auto& b) { return mine::attend(q, k, v, b, Values()); },
                         testing::random_input<Cpu>({2, 3, 2}, 1), testing::random_input<Cpu>({2, 3, 2}, 2),
                         testing::random_input<Cpu>({2, 3, 2}, 3), testing::random_input<Cpu>({3, 3}, 4));
  expect(bool(result), "gradcheck: ", result.where);
}

TEST("7g", 8, "the layer of SwinIR") {
  for (Index shift : {0, 2}) {
    const Index C = 8, heads = 2, M = 4;
    mine::SwinLayer<double, Cpu> layer(C, heads, M, shift);
    const V x(random_tensor({1, 8, 12, C}));
    const V y = layer(x);
    if (!expect_shape(y, x.shape())) return;
    nn::SwinBlock<double, Cpu> block({.channels = C, .heads = heads, .window = M, .shift = shift});
    const auto copy = [](const auto& from, auto& to) {
      to.weight.value().copy_(from.weight.value());
      to.bias.value().copy_(from.bias.value());
    };
    layer.table.value().copy_(random_tensor(layer.table.shape(), 5));
    copy(layer.norm1, block.norm1), copy(layer.norm2, block.norm2), copy(layer.qkv, block.attn.qkv);
    copy(layer.proj, block.attn.proj), copy(layer.fc1, block.mlp.fc1), copy(layer.fc2, block.mlp.fc2);
    block.attn.relative_position_bias_table.value().copy_(layer.table.value());
    const auto want = no_grad([&] { return values(block(x)); });
    const auto unshifted = no_grad([&] {
      block.options.shift = 0;
      return values(block(x));
    });
    if (!expect_numbers(
            text("8 x 12 pixels, 2 heads, shift ", shift), values(layer(x)), want,
            {{unshifted, "the windows are not shifted: roll the picture before, and back after"}}))
      return;
  }
}
