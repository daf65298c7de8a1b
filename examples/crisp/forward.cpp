// crisp forward: a network on raw tensors, to compare with another framework.
#include <iostream>
#include <memory>

#include "common.hpp"
#include "device.hpp"

namespace crisp::program {

namespace {

struct ForwardOptions {
  fs::path weights, input, output;
  std::string key;
  Computing computing;
};

void run_forward(const ForwardOptions& o) {
  o.computing.apply();
  require_file("IN", o.input);
  const Loaded loaded = load_network(o.weights, o.key);
  const io::SafeTensors in = io::read_safetensors(o.input);
  io::SafeTensors out;
  const Running network = running_on(o.computing, loaded.net);
  for (const auto& [name, tensor] : in.tensors) {
    if (!name.starts_with("input")) continue;
    const Index channels = loaded.net->channels();
    check(tensor.shape.rank() == 4 && tensor.shape[1] == channels, "forward: '", name, "' in '",
          o.input.string(), "' is ", tensor.shape, ", but this network takes (N, C, H, W) with ", channels,
          " channels");
    const std::string result = "output" + name.substr(5);
    out.tensors[result] = network.forward(tensor);
    std::cout << name << " " << tensor.shape << " -> " << result << " " << out.tensors[result].shape
              << std::endl;
  }
  check(!out.tensors.empty(), "forward: '", o.input.string(),
        "' holds no tensor whose name begins with 'input'");
  io::write_safetensors(o.output, out);
}

}  // namespace

void add_forward(Program& program) {
  const auto o = std::make_shared<ForwardOptions>();
  Command command =
      program.command("forward", "Run a network on raw tensors, to compare it with another framework");
  command.option("--weights", o->weights, "the network: a .safetensors, .pth or .pt file").required();
  add_key(command, o->key);
  command
      .option("IN", o->input,
              "a .safetensors file; its tensors input* are (N, C, H, W), float32, values 0..1")
      .required();
  command.option("OUT", o->output, "the file to write, with output* for each input*").required();
  o->computing.add_to(command);
  command.footer("Example: crisp forward --weights edsr.safetensors golden.safetensors result.safetensors");
  command.callback([o] { run_forward(*o); });
}

}  // namespace crisp::program
