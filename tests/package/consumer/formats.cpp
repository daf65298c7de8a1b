// The headers that need crisp::files.
#include <crisp/data/image_writer.hpp>
#include <crisp/train/onnx.hpp>
#include <crisp/train/pth.hpp>

int main() {
  crisp::data::ImageWriter writer("gray.png", 1, 1, 1);
  onnx::ModelProto model;
  return crisp::train::is_pth("gray") + model.graph().node_size();
}
