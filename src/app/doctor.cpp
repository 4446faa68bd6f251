#include "app/maintenance.hpp"

#include "app/context.hpp"
#include "app/scoping.hpp"
#include "base/subprocess.hpp"
#include "data/store/clone_store.hpp"

#include <unistd.h>

#include <algorithm>

namespace ramet::app {

namespace {

Check check_program(const std::string& name, const std::vector<std::string>& command, const std::string& package)
{
    const auto output = run_command({.arguments = command, .timeout = std::chrono::seconds(5)});
    if (output && output->exit_code == 0)
        return {name, "ok", output->standard_output.substr(0, output->standard_output.find('\n')), {}};
    return {name, "failed", "not found", "apt-get install " + package};
}

Check check_store(const App& app)
{
    const auto status = data::get_store_status({app.settings.data_directory});
    if (!status) return {"clone store", "failed", status.error().message, "ramet storage init"};
    const auto method = std::string(to_string(status->method));
    const auto words = fmt::format("databases are cloned by {}, {} GiB free", method, status->free_bytes >> 30);
    if (status->method == data::CloneMethod::copy)
        return {"clone store", "warning", words, "ramet storage init, as root"};
    return {"clone store", "ok", words, {}};
}

Check check_user()
{
    if (::geteuid() == 0) return {"user ids", "ok", "each environment has user ids of its own", {}};
    return {"user ids", "warning", "not root: services and databases run as the same user as Ramet",
            "run ramet up as root"};
}

/// What environments of the local target need.
std::vector<Check> check_own_machine(const App& app)
{
    return {
        check_program("PostgreSQL", {"/usr/lib/postgresql/15/bin/postgres", "--version"}, "postgresql-15"),
        check_program("Redis", {"redis-server", "--version"}, "redis-server"),
        check_store(app),
        check_user(),
    };
}

std::vector<Check> check_forges(App& app)
{
    std::vector<Check> checks;
    const auto projects = app.stores.projects.list();
    if (!projects) return {{"projects", "failed", projects.error().message, {}}};
    for (const auto& project : *projects) {
        if (project.connection.forge.empty()) continue;
        const auto name = "Git host of " + project.name;
        const auto forge = app.forges.open(project);
        if (!forge) {
            checks.push_back({name, "failed", forge.error().message, "ramet git connect …"});
            continue;
        }
        const auto repository = (*forge)->get_repository(project.connection.repository);
        if (repository)
            checks.push_back({name,
                              "ok",
                              project.connection.repository.str() + ", webhook: " + project.connection.webhook_state,
                              {}});
        else
            checks.push_back({name, "failed", repository.error().message, repository.error().next_step});
    }
    return checks;
}

}  // namespace

Result<std::vector<Check>> examine(App& app, const Caller& caller)
{
    TRY(require_whole_organization(caller));
    std::vector<Check> checks{check_program("git", {"git", "--version"}, "git")};
    if (app.settings.uses_own_machine) std::ranges::move(check_own_machine(app), std::back_inserter(checks));
    for (auto& check : check_forges(app)) checks.push_back(std::move(check));
    for (const auto& gap : app.target.not_enforced(TargetType::local))
        checks.push_back({"not enforced here", "warning", gap, {}});
    const auto audited = app.stores.audit.verify();
    checks.push_back(audited ? Check{"audit log", "ok", fmt::format("{} records verified", *audited), {}}
                             : Check{"audit log", "failed", audited.error().message, "ramet audit verify"});
    return checks;
}

}  // namespace ramet::app
