// A web server for pages on this machine alone: it binds 127.0.0.1, checks who asks, bounds what is sent and
// how long that takes, ends by Ctrl-C.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "options.hpp"
#include "request.hpp"

namespace crisp::program {

struct ServerOptions {
  int port;
  double patience = 10;  // seconds that a client may let itself be awaited

  void add_to(Command& command);  // --port, --patience
};

class LocalServer {
 public:
  using Handler = std::function<Reply(const Request&)>;

  /// Takes the port (0: any free one), and keeps Ctrl-C for run(): so it is made before any other thread.
  /// Throws WrongUse where the port is taken.
  explicit LocalServer(const ServerOptions& options);
  ~LocalServer();

  /// Patterns are regular expressions of the whole path. A handler may throw Refused; another Error is
  /// answered with 500.
  void get(const std::string& pattern, Handler handler);
  void post(const std::string& pattern, std::uint64_t max_bytes, Handler handler);

  std::string address() const;  // "http://127.0.0.1:8080"

  /// Says where the page is, and serves until Ctrl-C; calls `now_and_then` a few times a second, from this
  /// thread.
  void run(const std::function<void()>& now_and_then);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace crisp::program
