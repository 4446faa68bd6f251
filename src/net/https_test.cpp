#include "net/http_client.hpp"

#include "net/test_identity.hpp"
#include "net/test_peer.hpp"
#include "net/web_socket_client.hpp"

#include <openssl/ssl.h>

#include <csignal>

namespace ramet::net {

using namespace testing;

namespace {

/// Answers each TLS connection with whether the client showed a certificate.
struct TlsService {
    explicit TlsService(const Identity& identity) : context(SSL_CTX_new(TLS_server_method()))
    {
        SSL_CTX_use_certificate(context.get(), identity.certificate.get());
        SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    }

    void serve(const RawPeer& peer) const
    {
        // A client that refuses the certificate hangs up while this side still writes.
        sigset_t pipe_only;
        sigemptyset(&pipe_only);
        sigaddset(&pipe_only, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_only, nullptr);
        const Owned<SSL, SSL_free> session(SSL_new(context.get()));
        SSL_set_fd(session.get(), peer.fd());
        char request[4096];
        if (SSL_accept(session.get()) != 1 || SSL_read(session.get(), request, sizeof request) <= 0) return;
        const Owned<X509, X509_free> shown(SSL_get1_peer_certificate(session.get()));
        const std::string_view body = shown ? "known" : "hello";
        const auto response = fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}", body);
        SSL_write(session.get(), response.data(), static_cast<int>(response.size()));
        SSL_shutdown(session.get());
    }

    Owned<SSL_CTX, SSL_CTX_free> context;
    RawServer server{[this](RawPeer& peer) { serve(peer); }};
};

}  // namespace

TEST_CASE("a certificate that nobody vouches for is refused, with the way to trust it")
{
    const Identity identity;
    const TlsService service(identity);
    const auto response = CurlClient().send({.url = fmt::format("https://127.0.0.1:{}/", service.server.port())});
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == ErrorKind::unavailable);
    CHECK(response.error().message.contains("certificate"));
    CHECK_FALSE(response.error().next_step.empty());
}

TEST_CASE("a given authority is trusted, for the names in its certificate only")
{
    const Identity identity;
    const TlsService service(identity);
    CurlClient client({.authorities_pem = identity.certificate_pem()});
    const auto response = client.send({.url = fmt::format("https://127.0.0.1:{}/", service.server.port())});
    REQUIRE(response);
    CHECK(response->body == "hello");
    const auto other_name = client.send({.url = fmt::format("https://localhost:{}/", service.server.port())});
    REQUIRE_FALSE(other_name);
    CHECK(other_name.error().message.contains("certificate"));
}

TEST_CASE("a client certificate is shown when there is one")
{
    const Identity identity;
    const TlsService service(identity);
    CurlClient client({.authorities_pem = identity.certificate_pem(),
                       .certificate_pem = identity.certificate_pem(),
                       .key_pem = identity.key_pem()});
    const auto response = client.send({.url = fmt::format("https://127.0.0.1:{}/", service.server.port())});
    REQUIRE(response);
    CHECK(response->body == "known");
}

TEST_CASE("a WebSocket over TLS verifies like every other request")
{
    const Identity identity;
    const TlsService service(identity);
    WebSocketRequest request{.url = fmt::format("https://127.0.0.1:{}/", service.server.port())};
    const auto untrusted = join_web_socket(request, {});
    REQUIRE_FALSE(untrusted);
    CHECK(untrusted.error().kind == ErrorKind::unavailable);
    CHECK(untrusted.error().message.contains("certificate"));
    request.authorities_pem = identity.certificate_pem();
    // Not a WebSocket server: what counts here is that it was spoken to.
    const auto answered = join_web_socket(request, {});
    REQUIRE(answered);
    CHECK(answered->status == 200);
    CHECK(answered->body == "hello");
    request.url = fmt::format("https://localhost:{}/", service.server.port());
    const auto other_name = join_web_socket(request, {});
    REQUIRE_FALSE(other_name);
    CHECK(other_name.error().message.contains("certificate"));
}

}  // namespace ramet::net
