// See local_server.hpp (the only file that includes cpp-httplib).
#include "local_server.hpp"

#include <httplib.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>
#include <thread>

#include "crisp/core/file.hpp"

namespace crisp::program {

namespace {

constexpr std::uint64_t drained = std::uint64_t(1)
                                  << 30;  // bytes beyond the limit that are read, so that the answer arrives

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

}  // namespace

struct LocalServer::Impl {
  httplib::Server server;
  int port = 0;
  sigset_t signals_before{};

  // Pages of other sites reach 127.0.0.1 too: by a name of their own that leads here (Host), or by sending a
  // form (Origin).
  std::optional<Refused> refusal(const httplib::Request& request) const {
    const std::string ip = str("127.0.0.1:", port), local = str("localhost:", port),
                      host = request.get_header_value("Host");
    if (request.get_header_value_count("Host") != 1 || (host != ip && host != local))
      return Refused(403, "this page is served as http://" + ip + " and http://" + local +
                              " only, not under another name");
    if (request.method == "POST" && request.has_header("Origin") &&
        request.get_header_value("Origin") != "http://" + host)
      return Refused(403, "this was sent by the page of another site, and is refused");
    return std::nullopt;
  }

  // The body, up to the limit; what is beyond is read and dropped.
  std::string body(const httplib::Request& request, const httplib::ContentReader& read,
                   std::uint64_t most) const {
    if (request.has_header("Transfer-Encoding"))
      throw Refused(411, "send the length of the upload (Content-Length)");
    if (request.is_multipart_form_data())
      throw Refused(415, "send the picture itself as the body of the request, not a form");
    std::string bytes;
    std::uint64_t size = 0;
    const bool whole =
        !request.has_header("Content-Length") || read([&](const char* data, std::size_t length) {
          size += length;
          if (size <= most) bytes.append(data, length);
          return size <= most + drained;
        });
    const auto refused = refusal(request);
    if (refused) throw *refused;
    if (size > most)
      throw Refused(413, "the upload is too large: at most " + in_words(most) + " can be taken");
    if (!whole) throw Refused(400, "the upload ended before it was whole");
    return bytes;
  }
};

LocalServer::LocalServer(int port) : impl_(std::make_unique<Impl>()) {
  httplib::Server& server = impl_->server;
  server.set_socket_options(
      [](auto sock) {  // not as httplib's own, by which two programs could share the port
        const int yes = 1;
        setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
      });
  server.new_task_queue = [] { return new httplib::ThreadPool(8); };
  server.set_keep_alive_max_count(1);  // idle connections hold no thread
  server.set_keep_alive_timeout(1);
  server.set_default_headers(
      {{"Cache-Control", "no-store"},
       {"X-Content-Type-Options", "nosniff"},
       {"Referrer-Policy", "no-referrer"},
       {"Cross-Origin-Resource-Policy", "same-origin"},
       {"Content-Security-Policy",
        "default-src 'none'; img-src 'self' blob: data:; connect-src 'self'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"}});
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    const bool known = request.method == "GET" || request.method == "HEAD" || request.method == "POST";
    if (known && request.path.size() <= 200) return httplib::Server::HandlerResponse::Unhandled;
    if (known) send_error(response, 414, "the address is too long");
    else send_error(response, 405, "only GET and POST are answered here");
    return httplib::Server::HandlerResponse::Handled;
  });
  server.set_error_handler(httplib::Server::Handler([](const httplib::Request&, httplib::Response& response) {
    if (response.has_header("Content-Type")) return;  // it has its words
    const int status = response.status;
    send_error(response, status,
               status == 404 ? "there is no such page here"
                             : str("the request could not be understood (status ", status, ")"));
  }));

  errno = 0;
  if (port == 0) impl_->port = server.bind_to_any_port("127.0.0.1");
  else impl_->port = server.bind_to_port("127.0.0.1", port) ? port : -1;
  const std::string why = detail::words_of_error(detail::last_error());
  use(impl_->port > 0, "--port ", port, " cannot be opened: ", why,
      "; give another, or --port 0 for any free one");
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

void LocalServer::post(const std::string& pattern, std::uint64_t most_bytes, Handler handler) {
  impl_->server.Post(pattern, [this, most_bytes, handler = std::move(handler)](
                                  const httplib::Request& from, httplib::Response& response,
                                  const httplib::ContentReader& read) {
    answer(
        response,
        [&](Request request) { return request.body = impl_->body(from, read, most_bytes), handler(request); },
        to_request(from));
  });
}

std::string LocalServer::address() const { return str("http://127.0.0.1:", impl_->port); }

void LocalServer::run(const std::function<void()>& now_and_then) {
  get(".*", [](const Request&) -> Reply { throw Refused(404, "there is no such page here"); });
  post(".*", 4096, [](const Request&) -> Reply { throw Refused(404, "there is no such page here"); });
  std::atomic<bool> ended = false;
  std::thread listening([&] { impl_->server.listen_after_bind(), ended = true; });
  while (!impl_->server.is_running() && !ended) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  std::cout << "Open " << address() << " in a browser; Ctrl-C ends" << std::endl;

  const sigset_t stop = stop_signals();
  const timespec pause{.tv_sec = 0, .tv_nsec = 200'000'000};
  bool asked = false;
  while (!ended && !asked) {
    now_and_then();
    asked = sigtimedwait(&stop, nullptr, &pause) > 0;
  }
  pthread_sigmask(SIG_SETMASK, &impl_->signals_before, nullptr);  // a second Ctrl-C ends at once
  impl_->server.stop();
  listening.join();
  check(asked, "the server ended by itself");
}

}  // namespace crisp::program
