#include "targets/kubernetes/credentials.hpp"

#include "base/json.hpp"
#include "base/subprocess.hpp"
#include "base/text.hpp"

#include <cstdlib>

namespace ramet::targets::kubernetes {

namespace {

using namespace std::chrono_literals;

// Kubernetes rotates a bound token well before its hour is over; client-go, too, reads it again each minute.
constexpr auto file_is_fresh = 1min;
constexpr auto plugin_timeout = 1min;
/// What is about to end could end on its way.
constexpr auto margin = 10s;

/// What a plugin is told: its interface's version, and that nobody is there to be asked (KEP 541).
std::string exec_info(const ExecPlugin& plugin)
{
    return to_text(json::object{{"apiVersion", plugin.api_version},
                                {"kind", "ExecCredential"},
                                {"spec", json::object{{"interactive", false}}}});
}

std::map<std::string, std::string> environment_of(const ExecPlugin& plugin)
{
    auto environment = plugin.environment;
    environment["KUBERNETES_EXEC_INFO"] = exec_info(plugin);
    // Plugins sign in with what the server's own user has (a profile, a cache in its home).
    for (const auto* name : {"PATH", "HOME"})
        if (const auto* value = std::getenv(name)) environment.try_emplace(name, value);
    return environment;
}

}  // namespace

Credentials::Credentials(const ClusterAccess& access, Clock& clock)
    : clock_(clock), token_(access.token.clone()), token_file_(access.token_file), plugin_(access.plugin)
{
}

Result<std::string> Credentials::authorization()
{
    if (!token_.empty()) return fmt::format("Bearer {}", token_.reveal());
    if (token_file_.empty() && !plugin_) return std::string();
    const std::lock_guard lock(mutex_);
    if (known_.empty() || clock_.now() >= valid_until_)
        known_ = SecretBytes(TRY(plugin_ ? run_plugin() : read_token()));
    return fmt::format("Bearer {}", known_.reveal());
}

bool Credentials::renew()
{
    const std::lock_guard lock(mutex_);
    known_ = {};
    return plugin_ || !token_file_.empty();
}

Result<std::string> Credentials::read_token()
{
    const auto text = TRY(read_file(token_file_, 1U << 20U));
    valid_until_ = clock_.now() + file_is_fresh;
    return std::string(trim(text));
}

Result<std::string> Credentials::run_plugin()
{
    const auto& program = plugin_->command.front();
    auto output = run_command(
        {.arguments = plugin_->command, .environment = environment_of(*plugin_), .timeout = plugin_timeout});
    if (!output) {
        auto error = in_context(std::move(output.error()), fmt::format("credentials from {}", program));
        if (error.kind == ErrorKind::not_found) error.next_step = plugin_->install_hint;
        return std::unexpected(std::move(error));
    }
    if (output->exit_code != 0)
        return std::unexpected(Error{ErrorKind::unauthenticated,
                                     fmt::format("credentials from {}: it ended with {}", program, output->exit_code),
                                     output->standard_error});
    const auto answer = parse_json(output->standard_output);
    const auto token = answer ? get_string(get_member(*answer, "status"), "token") : std::string();
    if (token.empty())
        return fail(ErrorKind::unauthenticated,
                    "credentials from {}: it printed no ExecCredential with a token in its status", program);
    const auto until = parse_rfc3339(get_string(get_member(*answer, "status"), "expirationTimestamp"));
    // Without an end it is good for as long as the cluster takes it.
    valid_until_ = until ? *until - margin : Time::max();
    return token;
}

}  // namespace ramet::targets::kubernetes
