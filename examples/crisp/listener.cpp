// See listener.hpp.
#include "listener.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "common.hpp"
#include "crisp/core/file.hpp"

namespace crisp::program {

namespace {

constexpr std::size_t max_clients = 256;
constexpr int max_waiting = 1024;                  // connections that the system keeps for us
constexpr std::chrono::milliseconds a_while{100};  // so often all looks after what has changed
constexpr std::chrono::milliseconds in_time{250};  // whose client sends so soon is not closed for another

sockaddr_in address_of(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Listener::Listener(int port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address = address_of(port);
  socklen_t size = sizeof address;
  const int yes = 1;  // a port can be taken again at once after its program has ended, and by one at a time
  setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool open = bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                    listen(socket_, max_waiting) == 0 &&
                    getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  const std::string why = detail::words_of_error(errno);
  if (!open && socket_ >= 0) close(socket_);
  use(open, "--port ", port, " cannot be opened: ", why, "; give another, or --port 0 for any free one");
  port_ = ntohs(address.sin_port);
}

Listener::~Listener() {
  stop();
  close(socket_);
}

void Listener::begin(Connection::Clock::duration patience, Answer answer) {
  answer_ = std::move(answer);
  thread_ = std::thread([this, patience] { take(patience); });
}

void Listener::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  if (thread_.joinable()) thread_.join();  // from here on no other thread changes the list
  for (Client& client : clients_) client.connection.drop();
  for (Client& client : clients_) client.thread.join();
  clients_.clear();
}

void Listener::take(Connection::Clock::duration patience) {
  while (make_room()) {
    pollfd awaited{socket_, POLLIN, 0};
    if (poll(&awaited, 1, int(a_while.count())) <= 0) continue;
    const int socket = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) {
      start(socket, patience);
      continue;
    }
    drop_slowest();  // it may be that this program may open no more files
    std::this_thread::sleep_for(a_while / 10);
  }
}

// Waits for a place. False when the end has come.
bool Listener::make_room() {
  while (true) {
    remove_ended();
    std::unique_lock lock(mutex_);
    if (stopped_) return false;
    if (clients_.size() < max_clients) return true;
    lock.unlock();
    drop_slowest();
    lock.lock();
    one_ended_.wait_for(lock, a_while, [this] {
      return std::any_of(clients_.begin(), clients_.end(), [](const Client& c) { return c.ended; });
    });
  }
}

void Listener::drop_slowest() {
  const std::lock_guard lock(mutex_);
  Client* slowest = nullptr;
  Connection::Clock::duration longest = in_time;
  for (Client& client : clients_) {
    const auto waiting = client.ended ? Connection::Clock::duration{} : client.connection.waiting();
    if (waiting < longest) continue;
    slowest = &client;
    longest = waiting;
  }
  if (slowest) slowest->connection.drop();
}

void Listener::start(int socket, Connection::Clock::duration patience) {
  const int yes = 1;  // a reply is sent in two pieces, the second of which waits for nothing
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  const std::lock_guard lock(mutex_);
  Client& client = clients_.emplace_back(socket, patience);
  try {
    client.thread = std::thread([this, &client] {
      try {
        answer_(client.connection);
      } catch (const std::exception&) {  // such as too little memory; the other connections go on
      }
      const std::lock_guard ended(mutex_);
      client.ended = true;
      one_ended_.notify_all();
    });
  } catch (const std::system_error&) {  // there are too many threads: the client may try again
    clients_.pop_back();
  }
}

void Listener::remove_ended() {
  std::list<Client> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto client = clients_.begin(); client != clients_.end();) {
      const auto next = std::next(client);
      if (client->ended) ended.splice(ended.end(), clients_, client);
      client = next;
    }
  }
  for (Client& client : ended) client.thread.join();
}

}  // namespace crisp::program
