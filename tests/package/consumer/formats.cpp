// The headers that need crisp::files.
#include <crisp/data/image_writer.hpp>
#include <crisp/io/onnx.hpp>
#include <crisp/io/pth.hpp>

int main() {
  crisp::data::ImageWriter writer("gray.png", 1, 1, 1);
  onnx::ModelProto model;
  return crisp::io::is_pth("gray") + model.graph().node_size();
}
