// Stands for the commands that crisp_few is built without (examples/CMakeLists.txt): it is built in half the
// time, and has all that examples/quickstart.sh shows.
#include "common.hpp"
#include "train_examples.hpp"

namespace crisp::program {

void add_data(Program& program) { program.left_out("data"); }
void add_export(Program& program) { program.left_out("export"); }
void add_forward(Program& program) { program.left_out("forward"); }
void add_look(Program& program) { program.left_out("look"); }
void add_mos(Program& program) { program.left_out("mos"); }
void add_serve(Program& program) { program.left_out("serve"); }
void add_table(Program& program) { program.left_out("table"); }

void train_from_examples(TrainOptions& o) { throw LeftOut("crisp train --model " + o.network.model); }

template <>
void train_srgan<float, Cpu>(TrainOptions, Network, const TrainingData&) {
  throw LeftOut("crisp train --model srgan");
}

}  // namespace crisp::program
