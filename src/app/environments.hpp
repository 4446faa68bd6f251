#pragma once

#include "app/app.hpp"
#include "app/caller.hpp"
#include "app/precondition.hpp"
#include "base/json.hpp"
#include "base/secret_bytes.hpp"
#include "domain/environment.hpp"
#include "targets/log.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ramet::app {

struct ServiceView {
    std::string name;
    std::string state;  ///< starting|healthy|unhealthy|restarting|stopped|failed
    std::int64_t restarts = 0;
    std::string treatment{};  ///< rebuilt|copied|shared
    std::string address{};    ///< 127.0.0.1:PORT
    std::vector<std::string> urls{};
    std::vector<int> process_ids{};
    int replicas = 0;
};

struct DatabaseView {
    std::string name;
    std::string type{};
    std::string method{};  ///< btrfs|reflink|overlay|copy|stream|snapshot|seed|empty|shared
    std::int64_t bytes_copied = 0;
    std::optional<std::int64_t> age_seconds{};
    std::string golden{};
    std::string snapshot{};  ///< that its data was put back to
    std::string address{};
};

/// A preview or a base as people and scripts see it.
struct EnvironmentView {
    Environment environment;
    std::string project;
    std::string base{};
    std::map<std::string, std::string> urls{};  ///< service → first public URL, with the proxy's port
    std::vector<ServiceView> services{};
    std::vector<DatabaseView> databases{};
    std::string run{};  ///< newest run
    std::vector<std::string> not_enforced{};
    std::vector<std::string> drift{};  ///< what somebody has changed by hand; empty while that cannot be seen
    std::vector<std::string> notes{};
    std::string version{};  ///< another one after each change of its row; what runs in it may change beside that
};

/// Names an environment: empty project means the only one.
struct EnvironmentName {
    std::string project{};
    std::string name;
    Precondition precondition{};  ///< of the environment's version, for changes
};

Result<std::vector<EnvironmentView>> list_environments(App& app, const Caller& caller, const std::string& project,
                                                       bool previews_only);
Result<EnvironmentView> get_environment(App& app, const Caller& caller, const EnvironmentName& name);

/// The blocking step, the last error with evidence, what to do next.
struct Explanation {
    std::string state;
    std::string blocking_step{};
    std::string reason{};
    std::optional<Error> error{};
    std::vector<std::string> next_steps{};
};
Result<Explanation> explain_environment(App& app, const Caller& caller, const EnvironmentName& name);

/// Administrators only: the URL with password of one database, for `db connect` and `db connect --print`.
Result<SecretBytes> get_connection_url(App& app, const Caller& caller, const EnvironmentName& name,
                                       const std::string& database);

/// The log of a service (or "job/NAME", "build/NAME", "database/NAME"); without a name those of all services.
struct LogSource {
    std::string name;
    std::unique_ptr<targets::Log> log{};
};
Result<std::vector<LogSource>> find_logs(App& app, const Caller& caller, const EnvironmentName& name,
                                         const std::string& what, const targets::LogRequest& request);

/// Takes a log piece by piece and gives it back without secrets; holds back what may be the beginning of one. Call it with
/// nothing at the end to get the rest.
using LogRedactor = std::function<std::string(std::string_view)>;
LogRedactor make_log_redactor(App& app);

Result<std::string> restart_service(App& app, const Caller& caller, const EnvironmentName& name,
                                    const std::string& service);
Result<std::string> scale_service(App& app, const Caller& caller, const EnvironmentName& name,
                                  const std::string& service, int replicas);

/// Ends a base; refused while previews branch from it, and for protected ones without `confirm` = its name. Returns the run.
Result<std::string> delete_environment(App& app, const Caller& caller, const EnvironmentName& name,
                                       const std::string& confirm);

/// A new golden copy now. Returns the run.
Result<std::string> refresh_golden(App& app, const Caller& caller, const EnvironmentName& name,
                                   const std::string& database);

}  // namespace ramet::app
