// Two files of one program include everything: nothing may be defined twice.
#include <crisp/crisp.hpp>

crisp::Index answer();

int main() { return answer() == crisp::Shape({6, 7}).numel() ? 0 : 1; }
