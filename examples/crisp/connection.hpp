// A connection to a client that may be slow, silent or hostile: what it sends is bounded in bytes and in
// time.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <chrono>
#include <string>

namespace crisp::program {

class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes the socket over, and closes it in the end. `patience`: how long it waits in all for a header, and
  /// for each part of what follows; a part is 16 KiB for every second of patience. The same holds for a
  /// reply.
  Connection(int socket, Clock::duration patience);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Reads the first line of the request and its header, to the empty line. False where the client left
  /// before. Throws Refused where they come too slowly (408), or are longer than 64 KiB or 100 lines (431),
  /// or where the first line is longer than 4 KiB (414).
  bool read_header();
  /// The next bytes of the request, the header included. Returns how many; 0 after the last one, and -1 where
  /// the client left or was too slow.
  ssize_t read(char* to, std::size_t size);
  /// Sends bytes. Returns how many it took; -1 as above.
  ssize_t write(const char* from, std::size_t size);
  /// After the reply. What the client still sends is read for two seconds at most, and dropped: closed
  /// before, the connection would be reset, and the client could not read the reply.
  void finish();

  // These are called by other threads.
  Clock::duration waiting() const;  // for the client, in this part; zero where it is not awaited
  void drop();                      // reading and writing fail from now on

  int socket() const { return socket_; }

 private:
  struct Pace {
    Clock::duration waited{};  // in this part
    std::size_t bytes = 0;     // of this part
  };
  ssize_t receive(char* to, std::size_t size);
  bool wait(short event, Pace& pace);
  void count(std::size_t bytes, Pace& pace) const;

  static constexpr Clock::rep nobody = -1;
  const int socket_;
  Clock::duration patience_;
  Pace reading_, writing_;
  std::atomic<Clock::rep> waits_since_ = nobody;  // as if it had waited for this part without a break
  std::string header_;                            // and what came with it
  std::size_t taken_ = 0;                         // of it, by read()
};

}  // namespace crisp::program
