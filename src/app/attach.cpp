#include "app/attach.hpp"

#include "app/audit.hpp"
#include "app/deploy.hpp"
#include "app/scoping.hpp"
#include "app/views.hpp"

#include <algorithm>

namespace ramet::app {

namespace {

constexpr std::string_view running_states[] = {"starting", "healthy", "unhealthy", "restarting"};

Result<Found> find_open(App& app, const Caller& caller, const EnvironmentName& name)
{
    auto found = TRY(get_visible_environment(app, caller, name));
    if (!found.environment.is_protected || caller.role == Role::admin) return found;
    return std::unexpected(
        Error{ErrorKind::refused,
              fmt::format("{} is protected: only administrators may get into it", found.environment.name),
              {},
              "try it in a preview, or with the token of an administrator"});
}

Error no_such_part(std::string_view kind, const std::string& name, const EnvironmentView& view)
{
    std::string known;
    for (const auto& service : view.services) known += fmt::format("service {}\n", service.name);
    for (const auto& database : view.databases) known += fmt::format("database {}\n", database.name);
    return Error{ErrorKind::not_found, fmt::format("{} has no {} {}", view.environment.name, kind, name), known,
                 "ramet service list " + view.environment.name};
}

Result<ServiceView> get_service(const EnvironmentView& view, const std::string& name)
{
    const auto found = std::ranges::find(view.services, name, &ServiceView::name);
    if (found == view.services.end()) return std::unexpected(no_such_part("service", name, view));
    return *found;
}

Error not_running(const EnvironmentView& view, std::string_view kind, const std::string& name, std::string_view state)
{
    return Error{ErrorKind::conflict,
                 fmt::format("the {} {} of {} is not running: it is {}", kind, name, view.environment.name, state),
                 view.environment.reason, "ramet why " + view.environment.name};
}

/// Where a command can be run: in this environment, by the service's own processes.
Result<void> check_runs_here(const EnvironmentView& view, const ServiceView& service)
{
    if (service.treatment == to_string(Treatment::shared))
        return std::unexpected(Error{
            ErrorKind::conflict,
            fmt::format("{} shares {} with {}: it does not run here", view.environment.name, service.name, view.base),
            {},
            fmt::format("ramet exec {} {} …", view.base, service.name)});
    if (std::ranges::find(running_states, service.state) == std::end(running_states))
        return std::unexpected(not_running(view, "service", service.name, service.state));
    return {};
}

Result<targets::ConnectionRequest> find_part(const EnvironmentView& view, const Part& part)
{
    if (part.kind == PartKind::service) {
        const auto service = TRY(get_service(view, part.name));
        const bool has_own = service.treatment != to_string(Treatment::shared);
        if (!has_own || std::ranges::find(running_states, service.state) == std::end(running_states))
            return std::unexpected(not_running(view, "service", part.name, service.state));
        return targets::ConnectionRequest{"service/" + part.name, service.address};
    }
    const auto found = std::ranges::find(view.databases, part.name, &DatabaseView::name);
    if (found == view.databases.end()) return std::unexpected(no_such_part("database", part.name, view));
    return targets::ConnectionRequest{"database/" + part.name, found->address};
}

/// "psql" of "/usr/bin/psql"; what is longer than a name is cut.
std::string program_name(const std::string& path)
{
    return path.substr(path.rfind('/') + 1).substr(0, 64);
}

struct Place {
    Found found;
    EnvironmentView view;
};

Result<Place> find_place(App& app, const Caller& caller, const EnvironmentName& name)
{
    auto found = TRY(find_open(app, caller, name));
    auto view = TRY(view_of(app, found.project, found.environment));
    return Place{std::move(found), std::move(view)};
}

}  // namespace

Result<void> check_command(App& app, const Caller& caller, const EnvironmentName& name, const std::string& service)
{
    const auto place = TRY(find_place(app, caller, name));
    const auto known = TRY(get_service(place.view, service));
    return check_runs_here(place.view, known);
}

Result<targets::RunningCommand> start_command(App& app, const Caller& caller, const EnvironmentName& name,
                                              const targets::CommandRequest& request)
{
    if (request.arguments.empty() || request.arguments.front().empty())
        return fail(ErrorKind::invalid, "a command needs at least the name of a program");
    const auto place = TRY(find_place(app, caller, name));
    const auto known = TRY(get_service(place.view, request.service));
    TRY(check_runs_here(place.view, known));
    TRY(audit(app, {caller.name, "exec", place.found.project.id, place.view.environment.name + "/" + request.service,
                    json::object{{"program", program_name(request.arguments.front())}}}));
    const auto resources = TRY(app.engine.list_resources(owner_of(place.found.environment.id)));
    return app.attacher.start_command(resources, request);
}

std::optional<targets::CommandEnding> read_ending(const App& app, std::string_view said)
{
    return app.attacher.read_ending(said);
}

Result<void> check_connection(App& app, const Caller& caller, const EnvironmentName& name, const Part& part)
{
    const auto place = TRY(find_place(app, caller, name));
    TRY(find_part(place.view, part));
    return {};
}

Result<Fd> open_connection(App& app, const Caller& caller, const EnvironmentName& name, const Part& part)
{
    const auto place = TRY(find_place(app, caller, name));
    const auto request = TRY(find_part(place.view, part));
    TRY(audit(app, {caller.name, "port-forward", place.found.project.id, place.view.environment.name + "/" + part.name,
                    nullptr}));
    const auto resources = TRY(app.engine.list_resources(owner_of(place.found.environment.id)));
    return app.attacher.connect(resources, request);
}

}  // namespace ramet::app
