#include "daemon/up.hpp"

#include "base/json.hpp"
#include "base/log.hpp"
#include "daemon/server.hpp"

#include <csignal>
#include <cstdlib>
#include <unistd.h>

namespace ramet::daemon {

namespace {

/// Blocked before any thread starts, so that all threads inherit it and one place takes the signals.
sigset_t block_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    return signals;
}

/// --kubeconfig, else KUBECONFIG, else ~/.kube/config where there is one.
Path kubeconfig_of(const cli::Arguments& arguments)
{
    if (arguments.has("--kubeconfig")) return std::filesystem::absolute(arguments.get("--kubeconfig"));
    if (const char* said = std::getenv("KUBECONFIG"); said != nullptr && *said != '\0') return said;
    const char* home = std::getenv("HOME");
    std::error_code ignored;
    auto usual = Path(home == nullptr ? "." : home) / ".kube/config";
    return std::filesystem::exists(usual, ignored) ? usual : Path();
}

Result<ServerSettings> settings_of(const cli::Arguments& arguments)
{
    ServerSettings settings;
    settings.data_directory = data_directory_of(arguments);
    TRY(ensure_directory(settings.data_directory, 0711));
    std::error_code problem;
    settings.data_directory = std::filesystem::canonical(settings.data_directory, problem);
    if (problem) return fail(ErrorKind::unavailable, "the data directory cannot be used: {}", problem.message());
    const auto listen = arguments.has("--listen") ? arguments.get("--listen") : std::string("127.0.0.1:7070");
    const auto proxy =
        arguments.has("--proxy-listen") ? arguments.get("--proxy-listen") : std::string("127.0.0.1:8080");
    settings.listen = TRY(net::parse_listen_address(listen, "--listen"));
    settings.proxy_listen = TRY(net::parse_listen_address(proxy, "--proxy-listen"));
    settings.public_url = arguments.get("--public-url");
    if (arguments.has("--store-password-file") && !arguments.has("--store"))
        return fail(ErrorKind::invalid, "--store-password-file belongs to --store postgres://…");
    if (arguments.has("--store")) {
        const auto file = arguments.has("--store-password-file")
                              ? std::optional<Path>(arguments.get("--store-password-file"))
                              : std::nullopt;
        settings.store = TRY(storage::PostgresAddress::parse(arguments.get("--store"), file));
    }
    settings.kubeconfig = kubeconfig_of(arguments);
    if (arguments.has("--without-local-target")) settings.local_target = targets::local::Offer::closed;
    if (arguments.has("--poll")) settings.poll_every = TRY(parse_duration(arguments.get("--poll")));
    return settings;
}

Result<void> announce(cli::Session& session, const Server& server, const std::string& token)
{
    if (session.format() == cli::Format::json) {
        const json::object line{{"url", server.url()}, {"proxy", server.proxy_url()}, {"token", token}};
        session.print(to_text(line) + "\n");
        return {};
    }
    TRY(cli::save_context({server.url(), token}));
    session.print("Ramet is up at " + server.url() + "\nPreviews answer at " + server.proxy_url() + "\n");
    session.print("Signed in as administrator on this machine (" + cli::context_path() + ").\n");
    session.print(
        "Next: ramet apply -f ramet.yaml --repo PATH    or: ramet git connect gitea --url URL --repo OWNER/NAME\n");
    return {};
}

}  // namespace

Path data_directory_of(const cli::Arguments& arguments)
{
    if (arguments.has("--data-dir")) return std::filesystem::absolute(arguments.get("--data-dir")).lexically_normal();
    if (const char* said = std::getenv("RAMET_DATA_DIR"); said != nullptr && *said != '\0') return said;
    if (::geteuid() == 0) return "/var/lib/ramet";
    const char* home = std::getenv("HOME");
    return Path(home == nullptr ? "." : home) / ".local/share/ramet";
}

Result<int> up(cli::Session& session, const cli::Arguments& arguments)
{
    const auto signals = block_signals();
    auto settings = TRY(settings_of(arguments));
    auto server = TRY(Server::start(std::move(settings)));
    const auto token = TRY(server->make_login_token());
    TRY(announce(session, *server, token));
    int signal = 0;
    ::sigwait(&signals, &signal);
    log::info("stopping; what runs goes on");
    server.reset();
    return 0;
}

}  // namespace ramet::daemon
