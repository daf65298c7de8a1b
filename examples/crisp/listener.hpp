// Takes connections from this machine, each in a thread of its own, and no more than 256 at a time.
#pragma once
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "connection.hpp"

namespace crisp::program {

class Listener {
 public:
  using Answer = std::function<void(Connection&)>;

  /// Opens 127.0.0.1:port (0: any free port). Throws WrongUse where another program has it.
  explicit Listener(int port);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();  // as stop()

  int port() const { return port_; }
  int socket() const { return socket_; }

  /// From now on threads call `answer` with each connection. Where there are too many, a new one waits; the
  /// one whose client lets itself be awaited longest is closed to make room.
  void begin(Connection::Clock::duration patience, Answer answer);
  /// Closes the connections, and waits for their threads.
  void stop();

 private:
  struct Client {
    Client(int socket, Connection::Clock::duration patience) : connection(socket, patience) {}
    Connection connection;
    std::thread thread;
    bool ended = false;
  };

  void take(Connection::Clock::duration patience);
  bool make_room();
  void drop_slowest();
  void start(int socket, Connection::Clock::duration patience);
  void remove_ended();

  int socket_ = -1, port_ = 0;
  Answer answer_;
  std::mutex mutex_;  // of what follows
  std::condition_variable one_ended_;
  std::list<Client> clients_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace crisp::program
