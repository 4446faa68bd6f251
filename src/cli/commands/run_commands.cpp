#include "cli/progress.hpp"

namespace ramet::cli {

namespace {

std::string path_of(const Arguments& arguments)
{
    return "/api/v1/runs/" + segment(arguments.get("ID"));
}

Result<int> list(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(
        api->get(with_query("/api/v1/runs", {{"project", session.project()}, {"environment", arguments.get("ENV")}})));
    session.print_list(get_member(reply, "runs"), {{"ID", "id"},
                                                   {"KIND", "kind"},
                                                   {"STATE", "state"},
                                                   {"GENERATION", "generation"},
                                                   {"CREATED", "created_at"},
                                                   {"ENDED", "ended_at"}});
    return 0;
}

Result<int> show(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto run = TRY(api->get(path_of(arguments)));
    session.print_object(run, {{"id", "id"},
                               {"kind", "kind"},
                               {"state", "state"},
                               {"generation", "generation"},
                               {"created", "created_at"},
                               {"ended", "ended_at"},
                               {"error", "error"}});
    if (session.is_for_people())
        session.print("\n" + format_list(get_member(run, "steps"),
                                         {{"STEP", "path"},
                                          {"ACTION", "action"},
                                          {"STATE", "state"},
                                          {"ATTEMPT", "attempt"},
                                          {"STARTED", "started_at", Column::Width::wide},
                                          {"ENDED", "ended_at"},
                                          {"WAITING FOR", "waiting_for"}},
                                         session.format()));
    return 0;
}

Result<int> wait(Session& session, const Arguments& arguments)
{
    return follow_run(session, arguments.get("ID"));
}

Result<int> cancel(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->post(path_of(arguments) + "/cancel"));
    if (arguments.has("--no-wait")) return finish_run(session, arguments, reply);
    TRY(follow_run(session, arguments.get("ID")));
    return 0;
}

Result<int> events(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto path =
        with_query("/api/v1/events", {{"environment", arguments.get("ENV")}, {"after", arguments.get("--after")}});
    TRY(api->stream(path, [&](std::string_view chunk) {
        session.print(chunk);
        return net::Flow::keep;
    }));
    return 0;
}

}  // namespace

Commands run_commands()
{
    using Count = PositionalSpec::Count;
    const PositionalSpec id{"ID", "the run's id"};
    return {
        {"run list", "list the runs of an environment", {{"ENV", "name of an environment"}}, {}, list},
        {"run show", "show one run and its steps", {id}, {}, show},
        {"run wait", "follow a run to its end", {id}, {}, wait},
        {"run cancel", "stop a run and undo what it did", {id}, {{"--no-wait", "", "do not wait for its end"}}, cancel},
        {"events",
         "follow what happens, as server-sent events",
         {{"ENV", "only of this environment", Count::optional}},
         {{"--after", "ID", "replay from here"}, {"--follow", "", "always on", "-f"}},
         events},
    };
}

}  // namespace ramet::cli
