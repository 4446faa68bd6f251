#include "cli/progress.hpp"

namespace ramet::cli {

namespace {

const std::vector<Column> snapshot_columns{{"NAME", "name"},
                                           {"MADE AT", "made_at"},
                                           {"METHOD", "method"},
                                           {"PRIVATE BYTES", "private_bytes"},
                                           {"BYTES", "size_bytes", Column::Width::wide},
                                           {"COPIED BYTES", "bytes_copied", Column::Width::wide},
                                           {"RESTORED", "restored"},
                                           {"SCHEMA", "schema", Column::Width::wide},
                                           {"POSTGRESQL", "version", Column::Width::wide}};

const std::vector<Column> snapshot_fields{
    {"name", "name"},     {"database", "database"},           {"made at", "made_at"},
    {"method", "method"}, {"private bytes", "private_bytes"}, {"bytes", "size_bytes"},
    {"schema", "schema"}};

/// Which database a command line means.
struct Meant {
    std::string environment;
    std::string database;

    std::string snapshots(const Session& session, const std::string& rest = {}) const
    {
        const auto path = "/api/v1/environments/" + segment(environment) + "/databases/" + segment(database);
        return with_query(path + "/snapshots" + rest, {{"project", session.project()}});
    }
};

/// The named one, else the only one of PostgreSQL.
Result<Meant> meant_by(Session& session, const Arguments& arguments)
{
    Meant meant{arguments.get("ENV"), arguments.get("DB")};
    if (!meant.database.empty()) return meant;
    auto* api = TRY(session.api());
    const auto path = "/api/v1/environments/" + segment(meant.environment) + "/databases";
    const auto reply = TRY(api->get(with_query(path, {{"project", session.project()}})));
    std::vector<std::string> names;
    if (const auto& list = get_member(reply, "databases"); list.is_array())
        for (const auto& database : list.as_array())
            if (get_string(database, "type") == "postgres") names.push_back(get_string(database, "name"));
    if (names.empty()) return fail(ErrorKind::not_found, "{} has no PostgreSQL database", meant.environment);
    if (names.size() > 1)
        return fail(ErrorKind::invalid, "{} has several databases: name one, as in {}", meant.environment,
                    names.front());
    meant.database = names.front();
    return meant;
}

Result<Json> load_snapshots(Session& session, const Meant& meant)
{
    auto* api = TRY(session.api());
    auto reply = TRY(api->get(meant.snapshots(session)));
    return get_member(reply, "snapshots");
}

Result<int> make(Session& session, const Arguments& arguments)
{
    const auto meant = TRY(meant_by(session, arguments));
    auto* api = TRY(session.api());
    const auto reply = TRY(api->post(meant.snapshots(session), json::object{{"name", arguments.get("--name")}}));
    const auto name = get_string(reply, "name");
    session.tell(fmt::format("snapshot {} of {}, by {}", name, meant.database, get_string(reply, "method")));
    const int code = TRY(finish_run(session, arguments, reply));
    if (code != 0 || arguments.has("--no-wait")) return code;
    const auto snapshots = TRY(load_snapshots(session, meant));
    for (const auto& snapshot : snapshots.as_array())
        if (get_string(snapshot, "name") == name) session.print_object(snapshot, snapshot_fields);
    return 0;
}

Result<int> list(Session& session, const Arguments& arguments)
{
    const auto meant = TRY(meant_by(session, arguments));
    const auto snapshots = TRY(load_snapshots(session, meant));
    session.print_list(snapshots, snapshot_columns);
    return 0;
}

Result<int> restore(Session& session, const Arguments& arguments)
{
    const Meant meant{arguments.get("ENV"), arguments.get("DB")};
    const auto snapshot = arguments.get("SNAPSHOT");
    const bool confirmed = TRY(session.confirm(fmt::format("Put {} of {} back to {}? What was written since is lost.",
                                                           meant.database, meant.environment, snapshot)));
    if (!confirmed) return 1;
    auto* api = TRY(session.api());
    const auto reply = TRY(api->post(meant.snapshots(session, "/" + segment(snapshot) + "/restore")));
    return finish_run(session, arguments, reply);
}

Result<int> remove(Session& session, const Arguments& arguments)
{
    const Meant meant{arguments.get("ENV"), arguments.get("DB")};
    const auto snapshot = arguments.get("SNAPSHOT");
    const bool confirmed = TRY(session.confirm("Delete the snapshot " + snapshot + " of " + meant.database + "?"));
    if (!confirmed) return 1;
    auto* api = TRY(session.api());
    const auto reply = TRY(api->remove(meant.snapshots(session, "/" + segment(snapshot))));
    return finish_run(session, arguments, reply);
}

}  // namespace

Commands snapshot_commands()
{
    using Count = PositionalSpec::Count;
    const PositionalSpec env{"ENV", "name of a preview"};
    const PositionalSpec optional{"DB", "name of a database; not needed when there is one", Count::optional};
    const PositionalSpec database{"DB", "name of a database"};
    const PositionalSpec snapshot{"SNAPSHOT", "its name"};
    return {
        {"db snapshot",
         "keep a preview's database as it is now, while it serves",
         {env, optional},
         {{"--name", "NAME", "lower-case letters, digits and dashes; after the time when not given"}, no_wait_option()},
         make},
        {"db snapshots", "list the snapshots of a preview's database", {env, optional}, {}, list},
        {"db restore",
         "put a preview's database back to a snapshot",
         {env, database, snapshot},
         {no_wait_option()},
         restore},
        {"db snapshot-delete", "delete a snapshot", {env, database, snapshot}, {no_wait_option()}, remove},
    };
}

}  // namespace ramet::cli
