// See local_server.hpp (the only file that includes cpp-httplib).
#include "local_server.hpp"

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>

#include "listener.hpp"

#include "crisp/core/file.hpp"

namespace crisp::program {

namespace {

// In bytes: what is read beyond the limit, so that the answer arrives; and what uploads may hold together.
constexpr std::uint64_t drained = std::uint64_t(1) << 30, uploads_at_once = std::uint64_t(256) << 20;

void send(httplib::Response& response, const Reply& reply) {
  const auto body = reply.body;
  response.set_content_provider(
      body->size(), reply.type, [body](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
        return sink.write(body->data() + offset, std::min<std::size_t>(length, 1 << 18)), true;
      });
}

void send_error(httplib::Response& response, int status, const std::string& what) {
  response.status = status;
  send(response, json_reply({{"error", what}}));
}

// Runs the handler, whatever it throws.
void answer(httplib::Response& response, const LocalServer::Handler& handler, const Request& request) {
  try {
    send(response, handler(request));
  } catch (const Refused& e) {
    send_error(response, e.status, e.what());
  } catch (const std::bad_alloc&) {
    send_error(response, 500, "there is not enough memory");
  } catch (const std::exception& e) {
    send_error(response, 500, e.what());
  }
}

Request to_request(const httplib::Request& from) {
  Request request;
  for (std::size_t i = 1; i < from.matches.size(); ++i) request.parts.push_back(from.matches[i].str());
  for (const auto& [name, value] : from.params) request.query.emplace(name, value);
  return request;
}

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  if (!detail::is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
  return set;
}

// A connection as httplib reads and writes it. The functions are those of all its versions: each version
// knows some of them, and none is marked as override.
class Stream : public httplib::Stream {
 public:
  explicit Stream(Connection& connection) : connection_(connection) {}

  bool is_readable() const { return true; }  // read() and write() wait
  bool is_writable() const { return true; }
  bool wait_readable() const { return true; }
  bool wait_writable() const { return true; }
  ssize_t read(char* to, std::size_t size) { return connection_.read(to, size); }
  ssize_t write(const char* from, std::size_t size) { return connection_.write(from, size); }
  void get_remote_ip_and_port(std::string&, int&) const {}  // all are of this machine
  void get_local_ip_and_port(std::string&, int&) const {}
  int socket() const { return connection_.socket(); }
  time_t duration() const { return 0; }

 private:
  Connection& connection_;
};

// What a request says that is not answered as it stands; empty for others.
std::optional<Refused> not_understood(const httplib::Request& request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (!reads && request.method != "POST") return Refused(405, "only GET and POST are answered here");
  if (request.path.size() > 200) return Refused(414, "the address is too long");
  if (reads && (request.has_header("Transfer-Encoding") || request.has_header("Content-Length")) &&
      request.get_header_value("Content-Length") != "0")
    return Refused(400, "a " + request.method + " request brings no body");
  return std::nullopt;
}

// The header has this value, or is not there.
bool says_only(const httplib::Request& request, const char* name, const std::string& value) {
  const std::size_t count = request.get_header_value_count(name);
  return count == 0 || (count == 1 && request.get_header_value(name) == value);
}

// The bytes of one upload, counted with those of all others that are under way.
class Upload {
 public:
  explicit Upload(std::atomic<std::uint64_t>& of_all) : of_all_(of_all) {}
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;
  ~Upload() { of_all_ -= size_; }

  /// False where all together would be more than `most`.
  bool grows_by(std::uint64_t bytes, std::uint64_t limit) {
    size_ += bytes;
    return (of_all_ += bytes) <= limit;
  }

 private:
  std::atomic<std::uint64_t>& of_all_;
  std::uint64_t size_ = 0;
};

}  // namespace

// httplib understands requests and makes replies; the connections are ours, so that they are bounded.
class HttpServer : public httplib::Server {
 public:
  void opened(int socket) { svr_sock_ = socket; }  // httplib sends no reply where it thinks itself closed

  // One request, after which the connection is closed: idle ones hold no thread.
  template <class S>
  void answer(S& stream) {
    bool closed = false;
    const std::function<void(httplib::Request&)> as_it_is = [](httplib::Request&) {};
    if constexpr (requires { this->process_request(stream, true, closed, as_it_is); })
      this->process_request(stream, true, closed, as_it_is);
    else this->process_request(stream, "127.0.0.1", 0, "127.0.0.1", 0, true, closed, as_it_is);
  }
};

struct LocalServer::Impl {
  explicit Impl(const ServerOptions& options)
      : listener(options.port),
        patience(std::chrono::duration_cast<Connection::Clock::duration>(
            std::chrono::duration<double>(options.patience))) {}

  HttpServer server;
  std::atomic<std::uint64_t> uploading = 0;  // bytes
  Listener listener;
  Connection::Clock::duration patience;
  sigset_t signals_before{};

  // Pages of other sites reach 127.0.0.1 too: by a name of their own that leads here (Host), or by sending a
  // form or a script's request (Origin, Sec-Fetch-Site).
  std::optional<Refused> refusal(const httplib::Request& request) const {
    const std::string ip = str("127.0.0.1:", listener.port()), local = str("localhost:", listener.port()),
                      host = request.get_header_value("Host");
    if (request.get_header_value_count("Host") != 1 || (host != ip && host != local))
      return Refused(403, "this page is served as http://" + ip + " and http://" + local +
                              " only, not under another name");
    if (request.method == "POST" && !(says_only(request, "Origin", "http://" + host) &&
                                      says_only(request, "Sec-Fetch-Site", "same-origin")))
      return Refused(403, "this was sent by the page of another site, and is refused");
    return std::nullopt;
  }

  // The body, up to the limit; what is beyond is read and dropped.
  std::string body(const httplib::Request& request, const httplib::ContentReader& read, std::uint64_t limit,
                   Upload& upload) const {
    if (request.has_header("Transfer-Encoding"))
      throw Refused(411, "send the length of the upload (Content-Length)");
    if (request.is_multipart_form_data())
      throw Refused(415, "send the picture itself as the body of the request, not a form");
    const std::uint64_t limit_of_all = std::max(uploads_at_once, 2 * limit);
    const auto refused = refusal(request);
    std::string bytes;
    std::uint64_t size = 0;
    bool room = true;
    const bool whole =
        !request.has_header("Content-Length") || read([&](const char* data, std::size_t length) {
          size += length;
          const bool kept = size <= limit && !refused;
          room = room && (!kept || upload.grows_by(length, limit_of_all));
          if (kept && room) bytes.append(data, length);
          return size <= limit + drained;
        });
    if (refused) throw *refused;
    if (size > limit)
      throw Refused(413, "the upload is too large: at most " + in_words(limit) + " can be taken");
    if (!whole) throw Refused(400, "the upload ended before it was whole, or came too slowly");
    if (!room) throw Refused(503, "too many uploads are under way; try again when one is done");
    return bytes;
  }

  void answer(Connection& client) {
    try {
      if (!client.read_header()) return;
      Stream stream(client);
      server.answer(stream);
    } catch (const Refused& e) {  // without a header there is nothing that httplib could answer
      const Reply reply = json_reply({{"error", e.what()}});
      const std::string text =
          str("HTTP/1.1 ", e.status, " Refused\r\nContent-Type: ", reply.type,
              "\r\nContent-Length: ", reply.body->size(), "\r\nConnection: close\r\n\r\n", *reply.body);
      client.write(text.data(), text.size());
    }
    client.finish();
  }
};

void ServerOptions::add_to(Command& command) {
  command.option("--port", port, "where the page is found; 0: any free port").range(0, 65535).shows_default();
  command
      .option("--patience", patience,
              "seconds that a request may take to come, and each part of an upload: 16 KiB a second")
      .range(0.1, 3600.0)
      .shows_default();
}

LocalServer::LocalServer(const ServerOptions& options) : impl_(std::make_unique<Impl>(options)) {
  HttpServer& server = impl_->server;
  server.opened(impl_->listener.socket());
  server.set_default_headers(
      {{"Cache-Control", "no-store"},
       {"X-Content-Type-Options", "nosniff"},
       {"Referrer-Policy", "no-referrer"},
       {"Cross-Origin-Resource-Policy", "same-origin"},
       {"Content-Security-Policy",
        "default-src 'none'; img-src 'self' blob: data:; connect-src 'self'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}});
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    const auto refused = not_understood(request);
    if (!refused) return httplib::Server::HandlerResponse::Unhandled;
    send_error(response, refused->status, refused->what());
    return httplib::Server::HandlerResponse::Handled;
  });
  server.set_error_handler(httplib::Server::Handler([](const httplib::Request&, httplib::Response& response) {
    if (response.has_header("Content-Type")) return;  // it has its words
    const int status = response.status;
    send_error(response, status,
               status == 404 ? "there is no such page here"
                             : str("the request could not be understood (status ", status, ")"));
  }));
  const sigset_t stop = stop_signals();
  pthread_sigmask(SIG_BLOCK, &stop, &impl_->signals_before);
}

LocalServer::~LocalServer() { pthread_sigmask(SIG_SETMASK, &impl_->signals_before, nullptr); }

void LocalServer::get(const std::string& pattern, Handler handler) {
  impl_->server.Get(pattern, [this, handler = std::move(handler)](const httplib::Request& request,
                                                                  httplib::Response& response) {
    if (const auto refused = impl_->refusal(request))
      return send_error(response, refused->status, refused->what());
    answer(response, handler, to_request(request));
  });
}

void LocalServer::post(const std::string& pattern, std::uint64_t max_bytes, Handler handler) {
  impl_->server.Post(pattern, [this, max_bytes, handler = std::move(handler)](
                                  const httplib::Request& from, httplib::Response& response,
                                  const httplib::ContentReader& read) {
    Upload upload(impl_->uploading);
    const auto with_body = [&](Request request) {
      request.body = impl_->body(from, read, max_bytes, upload);
      return handler(request);
    };
    answer(response, with_body, to_request(from));
  });
}

std::string LocalServer::address() const { return str("http://127.0.0.1:", impl_->listener.port()); }

void LocalServer::run(const std::function<void()>& now_and_then) {
  get(".*", [](const Request&) -> Reply { throw Refused(404, "there is no such page here"); });
  post(".*", 4096, [](const Request&) -> Reply { throw Refused(404, "there is no such page here"); });
  impl_->listener.begin(impl_->patience, [this](Connection& client) { impl_->answer(client); });
  std::cout << "Open " << address() << " in a browser; Ctrl-C ends" << std::endl;

  const sigset_t stop = stop_signals();
  const timespec pause{.tv_sec = 0, .tv_nsec = 200'000'000};
  do now_and_then();
  while (sigtimedwait(&stop, nullptr, &pause) < 0);
  pthread_sigmask(SIG_SETMASK, &impl_->signals_before, nullptr);  // a second Ctrl-C ends at once
  impl_->listener.stop();
}

}  // namespace crisp::program
