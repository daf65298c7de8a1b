// A network of 2 inputs, 4 hidden numbers and 1 output learns XOR.
//   run.sh YOUR_FOLDER
#include <cstdio>
#include <random>

#include "autograd.hpp"

int main() try {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<Value>
      p;  // for each hidden number two weights, a bias, and the weight of its output; then a bias
  for (int i = 0; i < 17; ++i) p.push_back(Value(normal(random)));
  const double examples[][3] = {{0, 0, 0}, {0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
  for (int epoch = 0; epoch <= 1000; ++epoch) {
    Value loss(0);
    for (const auto& [a, b, target] : examples) {
      Value y = p[16];
      for (int i = 0; i < 16; i += 4) y = y + p[i + 3] * tanh(p[i] * a + p[i + 1] * b + p[i + 2]);
      loss = loss + (y - target) * (y - target);
    }
    backward(loss);
    step(p, 0.1);
    if (epoch % 200 == 0) std::printf("epoch %4d  loss %.6f\n", epoch, loss.value());
  }
} catch (const crisp::Error& e) {
  std::printf("%s\n", e.what());
}
