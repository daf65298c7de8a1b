// See connection.hpp.
#include "connection.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "request.hpp"

namespace crisp::program {

namespace {

constexpr std::size_t header_bytes = 64 << 10, header_lines = 100, first_line_bytes = 4096;
constexpr double bytes_per_second = 16 << 10;
constexpr std::chrono::seconds closing{2};

void check_header(const std::string& header, std::size_t end) {
  if (std::min(header.find('\n'), header.size()) > first_line_bytes)
    throw Refused(414, "the address is too long");
  if (end > header_bytes)
    throw Refused(
        431, str("the header of the request is too long: at most ", header_bytes, " bytes can be taken"));
  const auto lines = std::count(header.begin(), header.begin() + std::ptrdiff_t(end), '\n');
  if (std::size_t(lines) > header_lines)
    throw Refused(431, str("the header of the request has more than ", header_lines, " lines"));
}

}  // namespace

Connection::Connection(int socket, Clock::duration patience) : socket_(socket), patience_(patience) {}

Connection::~Connection() { close(socket_); }

bool Connection::read_header() {
  static const std::string empty_line = "\r\n\r\n";
  std::size_t end = std::string::npos;
  while (end == std::string::npos) {
    check_header(header_, header_.size());
    char part[4096];
    const ssize_t size = receive(part, sizeof part);
    if (size < 0 && reading_.waited >= patience_)
      throw Refused(408, "the request came too slowly; send it again");
    if (size <= 0) return false;
    const std::size_t seen = header_.size() - std::min(header_.size(), empty_line.size() - 1);
    header_.append(part, std::size_t(size));
    end = header_.find(empty_line, seen);
  }
  check_header(header_, end);
  reading_ = {};
  return true;
}

ssize_t Connection::read(char* to, std::size_t size) {
  if (taken_ == header_.size()) return receive(to, size);
  const std::size_t some = std::min(size, header_.size() - taken_);
  std::memcpy(to, header_.data() + taken_, some);
  taken_ += some;
  return ssize_t(some);
}

ssize_t Connection::receive(char* to, std::size_t size) {
  while (true) {
    const ssize_t some = recv(socket_, to, size, MSG_DONTWAIT);
    if (some > 0) count(std::size_t(some), reading_);
    if (some >= 0) return some;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return -1;
    if (!wait(POLLIN, reading_)) return -1;
  }
}

ssize_t Connection::write(const char* from, std::size_t size) {
  while (true) {
    const ssize_t some = send(socket_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (some > 0) count(std::size_t(some), writing_);
    if (some >= 0) return some;
    if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return -1;
    if (!wait(POLLOUT, writing_)) return -1;
  }
}

void Connection::finish() {
  shutdown(socket_, SHUT_WR);
  patience_ = std::min<Clock::duration>(patience_, closing);
  reading_ = {};
  char dropped[4096];
  const auto end = Clock::now() + closing;
  while (Clock::now() < end && receive(dropped, sizeof dropped) > 0) continue;
}

Connection::Clock::duration Connection::waiting() const {
  const Clock::rep since = waits_since_;
  if (since == nobody) return {};
  return Clock::now().time_since_epoch() - Clock::duration(since);
}

void Connection::drop() { shutdown(socket_, SHUT_RDWR); }

// Waits until bytes can be read or written. False where the patience for this part is at its end.
bool Connection::wait(short event, Pace& pace) {
  using Milliseconds = std::chrono::milliseconds;
  const Clock::duration left = patience_ - pace.waited;
  if (left <= Clock::duration::zero()) return false;
  const auto begin = Clock::now();
  waits_since_ = (begin - pace.waited).time_since_epoch().count();
  pollfd awaited{socket_, event, 0};
  const int ready = poll(&awaited, 1, int(std::chrono::ceil<Milliseconds>(left).count()));
  const bool interrupted = ready < 0 && errno == EINTR;
  waits_since_ = nobody;
  pace.waited += Clock::now() - begin;
  return ready > 0 || interrupted;
}

// With enough bytes a part is complete, and the next one begins.
void Connection::count(std::size_t bytes, Pace& pace) const {
  pace.bytes += bytes;
  if (double(pace.bytes) >= bytes_per_second * std::chrono::duration<double>(patience_).count()) pace = {};
}

}  // namespace crisp::program
