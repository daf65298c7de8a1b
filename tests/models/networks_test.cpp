// Every network by name: any size of image, every scale, a gradient for every weight, recognised by its
// weights, errors.
#include "crisp/data/resize.hpp"
#include "crisp/data/synthetic.hpp"
#include "crisp/io/weights.hpp"
#include "crisp/ops/loss.hpp"
#include "crisp/ops/pyramid_loss.hpp"
#include "crisp/optim/adam.hpp"
#include "crisp/testing/gradcheck.hpp"
#include "crisp/zoo/any_model.hpp"
#include "crisp/zoo/recognise.hpp"
#include "support.hpp"

using namespace crisp;
using namespace crisp::test;
using zoo::Settings;
using Any = zoo::AnyModel<float, Device>;

namespace {

// Small versions, each with the scales that it is made for.
struct Case {
  Settings settings;
  std::vector<Index> scales;
};
const Case cases[] = {
    {{{"model", "srcnn"}}, {2, 3}},
    {{{"model", "srcnn"}, {"variant", "9-5-5"}, {"channels", "3"}}, {4}},
    {{{"model", "srcnn-bn"}}, {2}},
    {{{"model", "srresnet-lecture"}}, {2}},
    {{{"model", "srresnet-lite"}}, {2}},
    {{{"model", "srautoencoder"}}, {2}},
    {{{"model", "srresnet"}, {"features", "8"}, {"blocks", "2"}}, {2, 3, 4}},
    {{{"model", "srgan"}, {"features", "8"}, {"blocks", "2"}, {"norm_after_body", "no"}, {"tanh", "yes"}},
     {4}},
    {{{"model", "msrresnet"}, {"features", "8"}, {"blocks", "2"}}, {2, 3, 4}},
    {{{"model", "edsr-small"}, {"features", "8"}, {"blocks", "2"}}, {1, 2, 3, 4}},
    {{{"model", "edsr-small"}, {"features", "8"}, {"blocks", "2"}, {"channels", "3"}}, {2, 4}},
    {{{"model", "edsr-baseline"}, {"features", "8"}, {"blocks", "2"}}, {2, 3, 4}},
    {{{"model", "edsr"}, {"features", "8"}, {"blocks", "2"}, {"direct", "yes"}, {"mean_shift", "no"}},
     {2, 3}},
    {{{"model", "swinir-light"}, {"embed", "8"}, {"heads", "2"}, {"depths", "2,2"}, {"window", "4"}},
     {2, 3, 4}},
    {{{"model", "swinir"}, {"embed", "8"}, {"heads", "2"}, {"depths", "2"}, {"window", "4"}}, {2, 3, 4}},
    {{{"model", "swinir"},
      {"variant", "real"},
      {"embed", "8"},
      {"heads", "2"},
      {"depths", "2"},
      {"window", "4"}},
     {2, 4}},
    {{{"model", "swinir"},
      {"variant", "denoise"},
      {"channels", "1"},
      {"embed", "8"},
      {"heads", "2"},
      {"depths", "2"},
      {"window", "4"}},
     {1}},
    {{{"model", "swinir"},
      {"variant", "jpeg"},
      {"channels", "3"},
      {"embed", "8"},
      {"heads", "2"},
      {"depths", "2"}},
     {1}},
    {{{"model", "hybrid"},
      {"features", "8"},
      {"blocks", "2"},
      {"embed", "8"},
      {"heads", "2"},
      {"depths", "2"},
      {"window", "4"}},
     {2, 4}},
    {{{"model", "vdsr"}, {"features", "8"}}, {2}},
    {{{"model", "arcnn"}}, {1}},
    {{{"model", "fsrcnn"}}, {2, 3, 4}},
    {{{"model", "espcn"}}, {2, 3, 4}},
    {{{"model", "dncnn"}, {"features", "8"}, {"depth", "4"}}, {1}},
    {{{"model", "lapsrn"}, {"features", "6"}, {"depth", "2"}}, {2, 4, 8}},
    {{{"model", "ms-lapsrn"}, {"features", "6"}, {"depth", "2"}, {"recursions", "3"}}, {2, 4, 8}},
    {{{"model", "sc"}, {"atoms", "20"}}, {2, 3}},
    {{{"model", "ne-lle"}, {"atoms", "30"}, {"dimensions", "4"}}, {2, 3}},
    {{{"model", "zeyde"}, {"atoms", "30"}, {"dimensions", "4"}}, {2, 3, 4}},
    {{{"model", "ksvd"}, {"atoms", "30"}, {"dimensions", "4"}}, {2}},
    {{{"model", "ne-nnls"}, {"atoms", "30"}, {"dimensions", "4"}}, {2}},
    {{{"model", "ne-ls"}, {"atoms", "30"}, {"dimensions", "4"}}, {3}},
    {{{"model", "gr"}, {"dimensions", "4"}}, {2, 3, 4}},
    {{{"model", "anr"}, {"atoms", "30"}, {"dimensions", "4"}}, {2, 3, 4}},
    {{{"model", "aplus"}, {"atoms", "30"}, {"dimensions", "4"}}, {4}},
    {{{"model", "fsrcnn"}, {"published", "yes"}, {"d", "8"}, {"s", "3"}, {"m", "1"}}, {2, 3, 4}},
};

std::string label(const Settings& s) {
  std::string text;
  for (const auto& [key, value] : s) text += key + " " + value + " ";
  return text;
}

Tensor<float, Device> picture(Shape shape) {
  Rng rng(3);
  std::vector<float> values(static_cast<std::size_t>(shape.numel()));
  for (float& v : values) v = float(rng.uniform());
  return {shape, values};
}

zoo::Shapes shapes_of(const Any& net) {
  zoo::Shapes shapes;
  net.each_param([&](const std::string& name, const auto& p) {
    shapes.emplace(name, io::detail::torch_shape(p.shape()));
  });
  return shapes;
}

}  // namespace

TEST_CASE("every network: images of any size, at every scale, and a gradient for every weight") {
  for (const Case& one : cases)
    for (const Index scale : one.scales) {
      if (slow_device && scale != one.scales[0]) continue;
      Settings settings = one.settings;
      settings["scale"] = std::to_string(scale);
      INFO(label(settings));
      Any net = Any::create(settings);
      CHECK(net.scale() == scale);
      const Index f = net.input_spec().enlarged ? 1 : scale;
      if (zoo::from_examples(net.name())) {  // no gradient, and pictures that hold a patch
        CHECK(net(Var<float, Device>(picture({2, 6, 9, 1}))).shape() == Shape{2, f * 6, f * 9, 1});
        CHECK_ERROR(net(Var<float, Device>(picture({1, 4, 9, 1}))), "smaller than a patch");
        CHECK_ERROR(net(Var<float, Device>(picture({1, 9, 9, 3}))), "luma is needed");
        continue;
      }
      for (const auto& [h, w] : {std::pair<Index, Index>{1, 1}, {13, 1}, {2, 9}, {12, 8}}) {
        const NoGrad guard;
        const Var<float, Device> y = net(Var<float, Device>(picture({1, h, w, net.channels()})));
        CHECK(y.shape() == Shape{1, f * h, f * w, net.channels()});
        for (const float v : y.value().to_host()) CHECK(std::isfinite(v));
      }
      const Var<float, Device> x = picture({2, 20, 24, net.channels()}), y = net.training_forward(x);
      mse_loss(y, picture(y.shape())).backward();
      net.each_param([&](const std::string& name, const auto& p) {
        INFO(name);
        CHECK(p.grad().defined() == p.requires_grad());
      });
    }
}

TEST_CASE("a network is recognised by the names and shapes of its weights") {
  for (const Case& one : cases) {
    const std::string name = one.settings.at("model");
    if (name == "hybrid" || name == "espcn" || name == "srcnn-bn" || name.starts_with("srresnet-") ||
        name == "srautoencoder")
      continue;  // only crisp's own files
    for (const Index scale : one.scales) {
      Settings settings = one.settings;
      settings["scale"] = std::to_string(scale);
      INFO(label(settings));
      const zoo::Shapes shapes = shapes_of(Any::create(settings));
      Settings found = zoo::recognise(shapes);
      found.emplace("scale", std::to_string(scale));
      INFO(label(found));
      CHECK(found.at("scale") == settings.at("scale"));
      CHECK(shapes_of(Any::create(found)) == shapes);
      Index fitting = 0;
      zoo::Networks::each([&](auto entry) { fitting += !entry.recognise(shapes).empty(); });
      CHECK(fitting == 1);  // so the order of the entries does not matter
    }
  }
}

TEST_CASE("the list of networks: every name has a recipe, and every scale that it states can be made") {
  std::vector<std::string> names;
  for (const zoo::About& about : zoo::about_networks()) {
    INFO(about.name);
    CHECK(std::count(names.begin(), names.end(), about.name) == 0);
    names.push_back(about.name);
    CHECK(!about.sentence.empty());
    CHECK(!about.paper.empty());
    CHECK(!std::string(zoo::recipe_of(about.name, "").source).empty());
    const auto small = std::find_if(std::begin(cases), std::end(cases), [&](const Case& one) {
      return one.settings.at("model") == about.name && one.settings.count("variant") == 0;
    });
    REQUIRE(small != std::end(cases));
    for (const Index scale : about.scales) {
      Settings settings = small->settings;
      settings["scale"] = std::to_string(scale);
      CHECK(Any::create(settings).scale() == scale);
    }
    CHECK(about.scales.empty() == Any::create(small->settings).input_spec().enlarged);
  }
  CHECK(names == zoo::model_names());
  CHECK(names.size() == 30);
  CHECK(zoo::from_examples("anr"));
  CHECK_FALSE(zoo::from_examples("srcnn"));
}

TEST_CASE("recipes: by name, by variant, and SRCNN's for a name that is not known") {
  CHECK(zoo::recipe_of("srresnet", "").schedule == "constant");
  CHECK(zoo::recipe_of("srgan", "").schedule == "srgan");
  CHECK(zoo::recipe_of("swinir", "denoise").degrade == "noise:25");
  CHECK(zoo::recipe_of("swinir", "jpeg").patch == 63);
  CHECK(zoo::recipe_of("swinir-light", "jpeg").degrade == "bicubic");
  CHECK(zoo::recipe_of("nosuch", "").source == std::string(zoo::recipe_of("srcnn", "").source));
}

TEST_CASE("a network is moved, not copied; a clone has equal weights of its own") {
  static_assert(!std::is_copy_constructible_v<Any> && !std::is_copy_assignable_v<Any>);
  static_assert(std::is_nothrow_move_constructible_v<Any> && std::is_nothrow_move_assignable_v<Any>);
  seed(3);
  const Any net = Any::create({{"model", "srcnn-bn"}, {"scale", "2"}});
  const Rng before = nn::detail::generator;
  Any clone = net.clone();
  CHECK(Rng(before).bits() == Rng(nn::detail::generator).bits());  // it has drawn nothing
  CHECK(clone.settings() == net.settings());
  std::vector<std::vector<float>> weights;
  net.each_param([&](const std::string&, const auto& p) { weights.push_back(p.value().to_host()); });
  std::size_t i = 0;
  clone.each_param([&](const std::string&, auto& p) {
    CHECK(p.value().to_host() == weights[i++]);
    p.value().fill(0.5f);
  });
  CHECK(i == weights.size());
  i = 0;
  net.each_param([&](const std::string&, const auto& p) { CHECK(p.value().to_host() == weights[i++]); });
  const Any moved = std::move(clone);
  moved.each_param([&](const std::string&, const auto& p) { CHECK(p.value().to_host()[0] == 0.5f); });
}

TEST_CASE("other names of the same weights; counters and masks are left out; what is unknown is refused") {
  const auto to = [](const zoo::Shapes& shapes, const std::string& name) {
    return zoo::canonical_names(shapes).at(name);
  };
  const Shape k{8, 8, 3, 3};
  const zoo::Shapes edsr{{"head.0.weight", k},  {"body.0.body.0.weight", k}, {"body.0.body.2.bias", {8}},
                         {"body.1.weight", k},  {"tail.0.0.weight", k},      {"tail.1.bias", {3}},
                         {"sub_mean.weight", k}};
  CHECK(to(edsr, "head.0.weight") == "conv_first.weight");
  CHECK(to(edsr, "body.0.body.0.weight") == "body.0.conv1.weight");
  CHECK(to(edsr, "body.0.body.2.bias") == "body.0.conv2.bias");
  CHECK(to(edsr, "body.1.weight") == "conv_after_body.weight");
  CHECK(to(edsr, "tail.0.0.weight") == "upsample.0.weight");
  CHECK(to(edsr, "tail.1.bias") == "conv_last.bias");
  CHECK(to(edsr, "sub_mean.weight").empty());
  const zoo::Shapes others{{"layers.0.residual_group.blocks.1.attn_mask", {4, 4}},
                           {"bn.num_batches_tracked", {}},
                           {"recon_trunk.3.conv1.weight", k},
                           {"HRconv.bias", {8}},
                           {"plain", {1}}};
  CHECK(to(others, "layers.0.residual_group.blocks.1.attn_mask").empty());
  CHECK(to(others, "bn.num_batches_tracked").empty());
  CHECK(to(others, "recon_trunk.3.conv1.weight") == "body.3.conv1.weight");
  CHECK(to(others, "HRconv.bias") == "conv_hr.bias");
  CHECK(to(others, "plain") == "plain");
  CHECK_ERROR(zoo::recognise(others), "fit none of the networks");
  CHECK_NOTHROW(zoo::canonical_names({{"", {1}},
                                      {".", {1}},
                                      {"block2.", {1}},
                                      {"block9.x", {1}},
                                      {"block10..", {1}},
                                      {"head.0.weight", {1}},
                                      {"tail", {1}},
                                      {"body", {1}}}));
}

TEST_CASE("a small SwinIR of every tail: the gradient of the image by differences, in double") {
  using models::SwinTail;
  for (const SwinTail tail :
       {SwinTail::pixelshuffle, SwinTail::pixelshuffledirect, SwinTail::nearest_conv, SwinTail::none}) {
    const models::SwinIr<double, Device> net({.scale = tail == SwinTail::none ? 1 : 2,
                                              .channels = 1,
                                              .embed = 4,
                                              .heads = 2,
                                              .window = 2,
                                              .depths = {2},
                                              .drop_path = 0,
                                              .tail = tail});
    const auto result = testing::gradcheck([&](const auto& v) { return net(v); },
                                           testing::random_input<Device>({1, 3, 5, 1}, 1));
    INFO(str(result));
    CHECK(result);
  }
}

TEST_CASE("LapSRN: a picture at each level, each with a right gradient of all that it sees") {
  seed(5);
  const models::LapSrn<double, Device> net({.scale = 4, .features = 2, .depth = 1});
  for (std::size_t one = 0; one < 2; ++one) {
    const auto output = [&](const auto& x, const auto& up, const auto& features) {
      static_cast<void>(up), static_cast<void>(features);  // the network's own
      return net.pictures(x)[one];
    };
    const Var<double, Device> x = testing::random_input<Device>({1, 3, 4, 1}, 2);
    CHECK(net.pictures(x)[one].shape() == Shape{1, Index(6) << one, Index(8) << one, 1});
    const Var<double, Device> up = net.level[0].img_up.weight, features = net.level[0].upconv.weight;
    const auto result = testing::gradcheck(output, x, up, features);
    INFO(str(result));
    CHECK(result);
  }
  CHECK_ERROR((models::LapSrn<float, Device>({.scale = 3})), "it enlarges by 2, 4 or 8, not by 3");
}

TEST_CASE("MS-LapSRN: the levels share their weights, whose gradients are right") {
  seed(5);
  models::MsLapSrn<double, Device> net({.scale = 4, .features = 2, .depth = 2, .recursions = 3});
  net.each_param([](const std::string& name, auto& p) {  // biases too, which are 0 at first
    if (name.ends_with("bias")) p.value().copy_(random_tensor<double>(p.shape(), 7));
  });
  const Var<double, Device> x = testing::random_input<Device>({1, 3, 4, 1}, 2);
  for (std::size_t one = 0; one < 2; ++one) {
    CHECK(net.pictures(x)[one].shape() == Shape{1, Index(6) << one, Index(8) << one, 1});
    const auto output = [&](const auto& v, const auto&, const auto&, const auto&, const auto&) {
      return net.pictures(v)[one];  // the others are the network's own
    };
    const Var<double, Device> first = net.level.conv[0].weight, last = net.level.conv[1].bias;
    const Var<double, Device> up = net.level.img_up.weight, features = net.level.upconv.weight;
    const auto result = testing::gradcheck(output, x, first, last, up, features);
    INFO(str(result));
    CHECK(result);
  }

  // At x2 a copy of it gives the first of the two pictures.
  models::MsLapSrn<double, Device> half({.scale = 2, .features = 2, .depth = 2, .recursions = 3});
  nn::copy_weights(net, half);
  CHECK(half(x).value().to_host() == net.pictures(x)[0].value().to_host());
  CHECK_ERROR((models::MsLapSrn<float, Device>({.scale = 3})), "it enlarges by 2, 4 or 8, not by 3");
  CHECK_ERROR((models::MsLapSrn<float, Device>({.depth = 0})), "a block of 0 convolutions that runs 8 times");
}

TEST_CASE("MS-LapSRN's block by hand: each run adds the input of the level") {
  seed(6);
  const models::MsLapSrn<double, Device> net({.scale = 2, .features = 2, .depth = 2, .recursions = 2});
  const Var<double, Device> x = testing::random_input<Device>({1, 4, 5, 2}, 3);
  const auto& conv = net.level.conv;
  const auto run = [&](const auto& v) { return conv[1](leaky_relu(conv[0](leaky_relu(v, 0.2)), 0.2)) + x; };
  CHECK(relative_error(net.embedded(x).value().to_host(), run(run(x)).value().to_host()) < 1e-14);
}

TEST_CASE("MS-LapSRN: what an output pixel sees is within its reach") {
  seed(6);
  const models::MsLapSrn<float, Device> net({.scale = 4, .features = 2, .depth = 2, .recursions = 2});
  const Index side = 40, reach = net.input_spec().reach;
  const Tensor<float, Device> dark({1, side, side, 1}, 0.5f);
  std::vector<float> values = dark.to_host();
  values[std::size_t(side * (side / 2) + side / 2)] = 1;
  const Tensor<float, Device> spot({1, side, side, 1}, values);
  const NoGrad guard;
  const std::vector<float> a = net(Var<float, Device>(dark)).value().to_host(),
                           b = net(Var<float, Device>(spot)).value().to_host();
  for (Index row = 0; row < 4 * side; ++row)
    for (Index col = 0; col < 4 * side; ++col) {
      const std::size_t at = std::size_t(row * 4 * side + col);
      if (std::abs(row / 4 - side / 2) <= reach && std::abs(col / 4 - side / 2) <= reach) continue;
      REQUIRE(a[at] == b[at]);
    }
}

TEST_CASE("the loss of several pictures: each is compared with the target at its own size") {
  seed(5);
  const Any net = Any::create({{"model", "lapsrn"}, {"scale", "8"}, {"features", "4"}, {"depth", "1"}});
  CHECK(net.has_pictures());
  const Var<float, Device> x = picture({1, 3, 2, 1}), target = picture({1, 24, 16, 1});
  const std::vector<Var<float, Device>> pictures = net.pictures(x);
  REQUIRE(pictures.size() == 3);
  CHECK(pictures.back().value().to_host() == net(x).value().to_host());

  data::Image hr(24, 16, 1);
  hr.samples = target.value().to_host();
  double expected = 0;
  for (std::size_t level = 0; level < 3; ++level) {
    const std::vector<float> wanted = data::reduce(hr, Index(4) >> level).samples;
    const std::vector<float> made = pictures[level].value().to_host();
    REQUIRE(made.size() == wanted.size());
    double sum = 0;
    for (std::size_t i = 0; i < made.size(); ++i)
      sum += std::sqrt(std::pow(double(made[i]) - double(wanted[i]), 2) + 1e-6);
    expected += sum / double(made.size());
  }
  const auto loss = [](const auto& y, const auto& t) { return charbonnier_loss(y, t); };
  CHECK(double(pyramid_loss(pictures, target, loss).item()) == doctest::Approx(expected).epsilon(1e-5));

  const Any other = Any::create({{"model", "espcn"}, {"scale", "2"}});  // one picture
  CHECK_FALSE(other.has_pictures());
  CHECK(other.pictures(x).size() == 1);
  CHECK_ERROR(pyramid_loss(std::vector<Var<float, Device>>{}, target, loss), "no pictures to compare");
  CHECK_ERROR(pyramid_loss(pictures, picture({1, 24, 15, 1}), loss), "a whole number of times as high");
  CHECK_ERROR(pyramid_loss(pictures, picture({1, 12, 8, 1}), loss), "a whole number of times as high");
}

TEST_CASE("the loss of several pictures reaches each level from its own picture and from those above") {
  seed(5);
  const models::LapSrn<double, Device> net({.scale = 4, .features = 2, .depth = 1});
  const Var<double, Device> x = testing::random_input<Device>({1, 3, 4, 1}, 2);
  const Tensor<double, Device> target = random_tensor<double>({1, 12, 16, 1}, 3);
  const auto loss = [](const auto& y, const auto& t) { return charbonnier_loss(y, t); };
  const auto gradient = [&](const Var<double, Device>& of) {
    const auto& weight = net.level[0].residual_conv.weight;
    const Tensor<double, Device> before = weight.grad();
    of.backward();
    std::vector<double> g = weight.grad().to_host();
    const std::vector<double> old = before.defined() ? before.to_host() : std::vector<double>(g.size());
    for (std::size_t i = 0; i < g.size(); ++i) g[i] -= old[i];
    return g;
  };
  std::vector<double> sum = gradient(charbonnier_loss(net.pictures(x)[0], downsample(Var(target), 2)));
  const std::vector<double> above = gradient(charbonnier_loss(net.pictures(x)[1], target));
  CHECK(relative_error(sum, std::vector<double>(sum.size())) > 1e-3);  // its own is not zero
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += above[i];
  CHECK(relative_error(gradient(pyramid_loss(net.pictures(x), target, loss)), sum) < 1e-12);
}

TEST_CASE("a short training of several pictures brings each nearer to its target") {
  for (const char* model : {"lapsrn", "ms-lapsrn"}) {
    INFO(model);
    seed(5);
    Any net = Any::create({{"model", model}, {"scale", "4"}, {"features", "8"}, {"depth", "2"}});
    optim::Adam<float, Device> adam(net, {.lr = 2e-3});
    const Index side = slow_device ? 16 : 48;
    data::Image hr = data::dead_leaves({.count = 1, .height = side, .width = side, .colour = false})[0];
    for (float& v : hr.samples) v /= 255;
    const Var<float, Device> target = Tensor<float, Device>({1, side, side, 1}, hr.samples);
    const Var<float, Device> x = downsample(target, 4);
    const auto charbonnier = [](const auto& y, const auto& t) { return charbonnier_loss(y, t); };
    const auto losses = [&] {
      const NoGrad guard;
      const auto pictures = net.pictures(x);
      return std::pair{charbonnier(pictures[0], downsample(target, 2)).item(),
                       charbonnier(pictures[1], target).item()};
    };
    const auto before = losses();
    for (int step = 0; step < 30; ++step) {
      pyramid_loss(net.pictures(x), target, charbonnier).backward();
      adam.step();
    }
    const auto after = losses();
    CHECK(after.first < 0.9f * before.first);
    CHECK(after.second < 0.9f * before.second);
  }
}

TEST_CASE("a checkpointed SwinIR gives the same gradients to the bit") {
  std::vector<std::vector<float>> gradients;
  for (const bool checkpointed : {false, true}) {
    seed(4);
    models::SwinIr<float, Device> net(
        {.embed = 8, .heads = 2, .window = 4, .depths = {2, 2}, .checkpointed = checkpointed});
    seed(5);
    l1_loss(net(Var<float, Device>(picture({2, 12, 8, 3}))), picture({2, 24, 16, 3})).backward();
    std::vector<float> all;
    net.each_param([&](const std::string&, const auto& p) {
      const auto g = p.grad().to_host();
      all.insert(all.end(), g.begin(), g.end());
    });
    gradients.push_back(all);
  }
  CHECK(gradients[0] == gradients[1]);
}

TEST_CASE("settings that a network cannot have are refused, with the name of the setting") {
  CHECK_ERROR(Any::create({{"model", "srcnm"}}), "no network called 'srcnm'");
  CHECK_ERROR(Any::create({{"model", "edsr"}, {"blocks", "many"}}),
              "'blocks' must be a whole number of at least 1, not 'many'");
  CHECK_ERROR(Any::create({{"model", "edsr"}, {"direct", "maybe"}}),
              "'direct' must be one of yes, no, not 'maybe'");
  CHECK_ERROR(Any::create({{"model", "swinir"}, {"variant", "large"}}),
              "must be one of classical, real, denoise, jpeg");
  CHECK_ERROR(Any::create({{"model", "swinir"}, {"variant", "denoise"}, {"scale", "2"}}), "does not enlarge");
  CHECK_ERROR(Any::create({{"model", "swinir"}, {"drop_path", "-1"}}),
              "'drop_path' must be a number of 0 or more");
  CHECK_ERROR(Any::create({{"model", "swinir-light"}, {"depths", "2,,2"}}),
              "'depths' must be a whole number");
  CHECK_ERROR(Any::create({{"model", "arcnn"}, {"scale", "2"}}), "works at x1, not at x2");
  CHECK_ERROR(Any::create({{"model", "edsr"}, {"scale", "5"}}), "must be 1, 2, 3, 4 or 8, not 5");
  CHECK_ERROR(Any::create({{"model", "edsr-small"}, {"scale", "5"}}), "must be 1, 2, 3 or 4, not 5");
  CHECK_ERROR(Any::create({{"model", "vdsr"}, {"depth", "1"}}), "at least 2 layers");
}
