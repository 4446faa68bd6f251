#include "net/curl_transfer.hpp"

#include "base/text.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <ctime>
#include <new>

namespace ramet::net {

namespace {

constexpr std::size_t field_limit = 1000;

void initialise_curl()
{
    // Once, before the first handle; curl's own lazy start is not safe with threads in all versions.
    static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK) throw std::bad_alloc();
}

curl_blob blob_of(const std::string& text)
{
    return {const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
}

/// A machine that vanished says nothing: without this its connection would be given to request after request for a quarter of an hour.
void end_when_nobody_answers(int descriptor)
{
    const auto set = [&](int level, int option, int value) {
        ::setsockopt(descriptor, level, option, &value, sizeof value);
    };
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);  // ms, of what was sent and is not acknowledged
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 15);  // s
    set(IPPROTO_TCP, TCP_KEEPINTVL, 5);
}

bool is_success(long status)
{
    return status >= 200 && status < 300;
}

}  // namespace

WithoutPipeSignal::WithoutPipeSignal()
{
    sigemptyset(&pipe_only_);
    sigaddset(&pipe_only_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only_, &before_);
}

WithoutPipeSignal::~WithoutPipeSignal()
{
    if (sigismember(&before_, SIGPIPE)) return;
    const timespec at_once{};
    while (sigtimedwait(&pipe_only_, nullptr, &at_once) == SIGPIPE) {}
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

CURLM* make_multi_handle()
{
    initialise_curl();
    auto* handle = curl_multi_init();
    return handle ? handle : throw std::bad_alloc();
}

CURL* make_easy_handle()
{
    initialise_curl();
    auto* handle = curl_easy_init();
    return handle ? handle : throw std::bad_alloc();
}

CurlHandle::CurlHandle() : multi(make_multi_handle()), easy(make_easy_handle()) {}

CurlHandle::~CurlHandle()
{
    const WithoutPipeSignal quiet;  // Closing says good-bye over TLS.
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
}

int milliseconds_until(std::chrono::steady_clock::time_point instant, std::chrono::steady_clock::time_point now)
{
    const auto wait = std::clamp<std::chrono::steady_clock::duration>(instant - now, {}, std::chrono::hours(1));
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

CurlTransfer::CurlTransfer(const CurlOptions& options, const HttpRequest& request, ChunkSink sink)
    : options_(options), request_(request), sink_(std::move(sink)),
      deadline_(std::chrono::steady_clock::now() + request.timeout)
{
}

Result<void> CurlTransfer::begin(CURL* easy)
{
    TRY(check_request());
    curl_easy_reset(easy);
    set_up(easy);
    return {};
}

std::unexpected<Error> CurlTransfer::overdue() const
{
    return fail(ErrorKind::timeout, "{}: no complete answer in time ({} ms)", description(),
                (streaming_ ? request_.idle_timeout : request_.timeout).count());
}

std::unexpected<Error> CurlTransfer::stopped() const
{
    return fail(ErrorKind::cancelled, "{}: stopped", description());
}

Result<void> CurlTransfer::check_request() const
{
    if (!is_valid_field(request_.method, {}))
        return fail(ErrorKind::invalid, "\"{}\" is not an HTTP method", request_.method);
    if (request_.url.find_first_of(std::string_view("\r\n\0 ", 4)) != std::string::npos)
        return fail(ErrorKind::invalid, "{}: the URL holds a space, a line break or a NUL", description());
    for (const auto& [name, value] : request_.headers)
        if (!is_valid_field(name, value))
            return fail(ErrorKind::invalid, "{}: the header \"{}\" cannot be sent: it holds a line break or a NUL",
                        description(), name);
    return {};
}

void CurlTransfer::set_up(CURL* easy)
{
    easy_ = easy;
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text_);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);  // Do not wait for a hanging resolver when we give up.
    curl_easy_setopt(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    set_up_target(easy);
    set_up_trust(easy);
    set_up_body(easy);
    set_up_headers(easy);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
    curl_easy_setopt(
        easy, CURLOPT_HEADERFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) {
            return static_cast<CurlTransfer*>(self)->on_header({data, size});
        });
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* self) {
            return static_cast<CurlTransfer*>(self)->on_body({data, size});
        });
}

void CurlTransfer::set_up_target(CURL* easy)
{
    curl_easy_setopt(easy, CURLOPT_URL, request_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request_.redirects > 0 ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, static_cast<long>(std::max(request_.redirects, 0)));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
    if (!options_.unix_socket.empty()) curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, options_.unix_socket.c_str());
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(
        easy, CURLOPT_OPENSOCKETFUNCTION, +[](void* self, curlsocktype, curl_sockaddr* address) {
            return static_cast<CurlTransfer*>(self)->open_socket(*address);
        });
}

void CurlTransfer::set_up_trust(CURL* easy)
{
    if (!options_.authorities_pem.empty()) {
        const auto blob = blob_of(options_.authorities_pem);
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
        curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // Otherwise the system's authorities were trusted as well.
    }
    if (options_.certificate_pem.empty()) return;
    const auto certificate = blob_of(options_.certificate_pem);
    const auto key = blob_of(options_.key_pem);
    curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &certificate);
    curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
}

void CurlTransfer::set_up_body(CURL* easy)
{
    const bool takes_body = request_.method == "POST" || request_.method == "PUT" || request_.method == "PATCH";
    if (request_.method == "HEAD") {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (takes_body || !request_.body.empty()) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request_.body.c_str());
    }
    if (request_.method != "HEAD") curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
}

void CurlTransfer::set_up_headers(CURL* easy)
{
    const auto append = [&](const std::string& line) {
        header_list_.reset(curl_slist_append(header_list_.release(), line.c_str()));
    };
    // A colon and nothing after it takes away what curl would add by itself.
    append("Expect:");
    if (!request_.headers.contains("Content-Type")) append("Content-Type:");
    for (const auto& [name, value] : request_.headers) append(value.empty() ? name + ";" : name + ": " + value);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, header_list_.get());
}

curl_socket_t CurlTransfer::open_socket(const curl_sockaddr& address)
{
    if (address.family != AF_UNIX) {
        const auto text = address_text(address.addr);
        if (const auto allowed = check_address(classify_address(address.addr), options_.addresses, text); !allowed) {
            denied_ = allowed.error().message;
            return CURL_SOCKET_BAD;
        }
    }
    const int descriptor = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
    if (descriptor >= 0 && address.family != AF_UNIX) end_when_nobody_answers(descriptor);
    return descriptor;
}

std::size_t CurlTransfer::on_header(std::string_view line)
{
    // After a redirect or a 100 a new head follows; only the last one counts.
    if (line.starts_with("HTTP/")) response_.headers = {};
    if (line == "\r\n" || line == "\n") end_head();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return line.size();
    if (response_.headers.size() >= field_limit) return 0;
    response_.headers.add(line.substr(0, colon), trim(line.substr(colon + 1)));
    return line.size();
}

void CurlTransfer::end_head()
{
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    streaming_ = sink_ && is_success(status);
    if (streaming_) allow_silence();
}

void CurlTransfer::allow_silence()
{
    const bool for_ever = request_.idle_timeout.count() == 0;
    deadline_ = for_ever ? Instant::max() : std::chrono::steady_clock::now() + request_.idle_timeout;
}

std::size_t CurlTransfer::on_body(std::string_view bytes)
{
    if (streaming_) {
        allow_silence();
        switch (sink_(bytes)) {
        case Taken::yes: return bytes.size();
        case Taken::later: return CURL_WRITEFUNC_PAUSE;
        case Taken::enough: break;
        }
        stop_reading();
        return 0;
    }
    if (response_.body.size() + bytes.size() > request_.response_limit) {
        end_ = End::too_large;
        return 0;
    }
    response_.body.append(bytes);
    return bytes.size();
}

Result<HttpResponse> CurlTransfer::conclude(CURLcode code)
{
    if (end_ == End::too_large)
        return fail(ErrorKind::refused, "{}: the response is larger than {} bytes", description(),
                    request_.response_limit);
    if (code != CURLE_OK && end_ != End::stopped_by_reader) return transport_error(code);
    long status = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    response_.status = static_cast<int>(status);
    return std::move(response_);
}

std::unexpected<Error> CurlTransfer::transport_error(CURLcode code) const
{
    if (!denied_.empty()) return fail(ErrorKind::egress_denied, "{}: {}", description(), denied_);
    const std::string reason = error_text_[0] != '\0' ? error_text_ : curl_easy_strerror(code);
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return fail(ErrorKind::timeout, "{}: {}", description(), reason);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return fail(ErrorKind::invalid, "{}: not an http:// or https:// address: {}", description(), reason);
    case CURLE_TOO_MANY_REDIRECTS:
        return fail(ErrorKind::refused, "{}: more than {} redirects", description(), request_.redirects);
    case CURLE_PEER_FAILED_VERIFICATION: {
        auto error = fail(ErrorKind::unavailable, "{}: the certificate is not trusted: {}", description(), reason);
        error.error().next_step = "add the authority's certificate to the system's (update-ca-certificates)";
        return error;
    }
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST: {
        auto error = fail(ErrorKind::unavailable, "{}: {}", description(), reason);
        error.error().evidence = nothing_was_sent;
        return error;
    }
    default: return fail(ErrorKind::unavailable, "{}: {}", description(), reason);
    }
}

std::string CurlTransfer::description() const
{
    std::string_view url = request_.url;
    url = url.substr(0, url.find_first_of("?#"));
    const auto scheme = url.find("://");
    const auto authority = scheme == std::string_view::npos ? 0 : scheme + 3;
    const auto slash = std::min(url.find('/', authority), url.size());
    const auto user = url.substr(authority, slash - authority).rfind('@');
    const auto host = user == std::string_view::npos ? authority : authority + user + 1;
    return fmt::format("{} {}{}", request_.method, url.substr(0, authority), url.substr(host));
}

}  // namespace ramet::net
