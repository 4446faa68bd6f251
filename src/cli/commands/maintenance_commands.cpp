#include "cli/support_bundle.hpp"

#include "base/clock.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "base/version.hpp"

namespace ramet::cli {

namespace {

Result<int> doctor(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get("/api/v1/doctor"));
    const auto& checks = get_member(reply, "checks");
    session.print_list(checks,
                       {{"CHECK", "name"}, {"STATE", "state"}, {"WHAT WAS SEEN", "message"}, {"NEXT", "next_step"}});
    for (const auto& check : checks.as_array())
        if (get_string(check, "state") == "failed") return 1;
    return 0;
}

Result<int> sweep(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const json::object body{{"dry_run", arguments.has("--dry-run")}, {"confirmed", session.says_yes()}};
    const auto report = TRY(api->post("/api/v1/sweeps", body));
    session.print_list(session.format() == Format::json ? report : get_member(report, "findings"),
                       {{"KIND", "kind"}, {"NAME", "name"}, {"OWNER", "owner"}, {"VERDICT", "verdict"}});
    if (get_bool(report, "needs_confirmation")) {
        session.tell(
            "that is more than a tenth of everything: nothing was removed. Look at the list, then: ramet sweep --yes");
        return exit_code(ErrorKind::refused);
    }
    session.tell(fmt::format("{} removed", get_int(report, "removed")));
    return 0;
}

Result<int> audit(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(
        with_query("/api/v1/audit", {{"after", arguments.get("--after")}, {"limit", arguments.get("--limit")}})));
    session.print_list(get_member(reply, "entries"), {{"ID", "id"},
                                                      {"AT", "at"},
                                                      {"ACTOR", "actor"},
                                                      {"ACTION", "action"},
                                                      {"SUBJECT", "subject"},
                                                      {"DETAIL", "detail", Column::Width::wide}});
    return 0;
}

Result<int> verify(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->post("/api/v1/audit/verify"));
    session.print_object(reply, {{"records verified", "verified"}});
    return 0;
}

Result<int> bundle(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto now = std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
    auto stamp = to_rfc3339(now).substr(0, 19);
    std::erase(stamp, ':');
    const auto path = arguments.has("--file") ? arguments.get("--file") : "ramet-support-" + stamp + ".tar";
    if (TRY(look_for(path))) return fail(ErrorKind::conflict, "{} exists: nothing was written", path);
    const auto files = collect_support(*api, std::string(version));
    TRY(write_file(path, make_tar(files, std::chrono::system_clock::to_time_t(now)), 0600));
    session.tell("no values of variables and no secrets are in it; read it before you give it away: tar xf " + path);
    session.print_object(json::object{{"file", path}, {"files", files.size()}},
                         {{"wrote", "file"}, {"files", "files"}});
    return 0;
}

// Whatever the API can do, also what has no command yet.
Result<int> call(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    auto path = arguments.get("PATH");
    if (!path.starts_with("/")) path = "/api/v1/" + path;
    auto method = arguments.get("METHOD");
    std::ranges::transform(method, method.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    const auto reply = TRY(api->call(method, path, arguments.get("--body")));
    session.print(to_pretty_text(reply) + "\n");
    return 0;
}

}  // namespace

Commands maintenance_commands()
{
    return {
        {"doctor", "examine this installation and say what to do", {}, {}, doctor},
        {"sweep",
         "compare what exists with the ledger and remove orphans",
         {},
         {{"--dry-run", "", "only show"}},
         sweep},
        {"audit",
         "show the audit log",
         {},
         {{"--after", "ID", "only later entries"}, {"--limit", "N", "how many (100)"}},
         audit},
        {"audit verify", "check that no record was edited or removed", {}, {}, verify},
        {"support-bundle",
         "collect versions, checks, runs and logs into a tar file, without secrets",
         {},
         {{"--file", "FILE", "where to (ramet-support-TIME.tar)"}},
         bundle},
        {"api",
         "call the API",
         {{"METHOD", "GET, POST, PUT or DELETE"}, {"PATH", "projects, or /api/v1/projects"}},
         {{"--body", "JSON", "the request's body"}},
         call},
    };
}

}  // namespace ramet::cli
