#include "cli/progress.hpp"

namespace ramet::cli {

namespace {

const std::vector<Column> preview_columns{
    {"NAME", "name"},     {"STATE", "state"},        {"COMMIT", "commit", Column::Width::wide},
    {"BRANCH", "branch"}, {"PR", "pull_request"},    {"BASE", "base"},
    {"URLS", "urls"},     {"EXPIRES", "expires_at"}, {"RUN", "run", Column::Width::wide}};

const std::vector<Column> preview_fields{{"name", "name"},
                                         {"project", "project"},
                                         {"state", "state"},
                                         {"reason", "reason"},
                                         {"base", "base"},
                                         {"commit", "commit"},
                                         {"branch", "branch"},
                                         {"pull request", "pull_request"},
                                         {"urls", "urls"},
                                         {"services", "services"},
                                         {"databases", "databases"},
                                         {"expires", "expires_at"},
                                         {"pinned", "pinned"},
                                         {"run", "run"},
                                         {"changed by hand", "drift"},
                                         {"not enforced here", "not_enforced", Column::Width::wide}};

std::string path_of(const Session& session, const std::string& name, const std::string& rest = {})
{
    return with_query("/api/v1/previews/" + segment(name) + rest, {{"project", session.project()}});
}

Result<int> show_settled(Session& session, const std::string& name, int code)
{
    auto* api = TRY(session.api());
    const auto view = TRY(api->get(path_of(session, name)));
    session.print_object(view, preview_fields);
    return code;
}

Result<int> create(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const json::object body{{"project", session.project()},
                            {"base", arguments.get("--base")},
                            {"branch", arguments.get("--branch")},
                            {"commit", arguments.get("--commit")},
                            {"name", arguments.get("--name")}};
    const auto view = TRY(api->post("/api/v1/previews", body));
    if (arguments.has("--no-wait")) {
        session.print_object(view, preview_fields);
        return 0;
    }
    const auto name = get_string(view, "name");
    session.settle_project(get_string(view, "project"));
    const int code = TRY(follow_environment(session, name));
    return code == 130 ? Result<int>(code) : show_settled(session, name, code);
}

Result<int> list(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(with_query("/api/v1/previews", {{"project", session.project()}})));
    session.print_list(get_member(reply, "previews"), preview_columns);
    return 0;
}

Result<int> show(Session& session, const Arguments& arguments)
{
    return show_settled(session, arguments.get("NAME"), 0);
}

Result<int> remove(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto name = arguments.get("NAME");
    const auto reply = TRY(api->remove(path_of(session, name)));
    if (arguments.has("--no-wait")) return finish_run(session, arguments, reply);
    return follow_removal(session, name, get_string(reply, "run"));
}

Result<int> change(Session& session, const Arguments& arguments, const std::string& verb, const Json& body)
{
    auto* api = TRY(session.api());
    const auto name = arguments.get("NAME");
    const auto reply = TRY(api->post(path_of(session, name, "/" + verb), body));
    if (arguments.has("--no-wait")) return finish_run(session, arguments, reply);
    const auto run = get_string(reply, "run");
    if (!run.empty()) {
        const int code = TRY(follow_run(session, run));
        if (code != 0) return code;
    }
    return follow_environment(session, name);
}

Result<int> redeploy(Session& session, const Arguments& arguments)
{
    return change(session, arguments, "redeploy", nullptr);
}

Result<int> roll_back(Session& session, const Arguments& arguments)
{
    return change(session, arguments, "rollback", nullptr);
}

Result<int> reset_data(Session& session, const Arguments& arguments)
{
    return change(session, arguments, "reset-data", json::object{{"database", arguments.get("--database")}});
}

Result<int> extend(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto view =
        TRY(api->post(path_of(session, arguments.get("NAME"), "/extend"), json::object{{"by", arguments.get("BY")}}));
    session.print_object(view, preview_fields);
    return 0;
}

Result<int> pin(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const json::object body{{"pinned", !arguments.has("--off")}};
    const auto view = TRY(api->post(path_of(session, arguments.get("NAME"), "/pin"), body));
    session.print_object(view, preview_fields);
    return 0;
}

std::string receipt_text(const Json& receipt)
{
    std::string text = get_string(receipt, "name") + " is gone\n";
    text += format_list(get_member(receipt, "resources"),
                        {{"RESOURCE", "path"}, {"KIND", "kind"}, {"OBSERVED ABSENT", "absent_at"}}, Format::table);
    return text + "hash " + get_string(receipt, "hash") + "\n";
}

Result<int> receipt(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->get(path_of(session, arguments.get("NAME"), "/receipt")));
    if (session.is_for_people())
        session.print(receipt_text(reply));
    else
        session.print_object(reply, {});
    return 0;
}

}  // namespace

Commands preview_commands()
{
    const PositionalSpec name{"NAME", "name of the preview"};
    return {
        {"preview create",
         "make a preview by hand",
         {},
         {{"--base", "ENV", "what it is cloned from; previews.base when not given"},
          {"--branch", "B", "the newest commit of this branch"},
          {"--commit", "SHA", "this commit"},
          {"--name", "N", "its name; after the branch when not given"},
          no_wait_option()},
         create},
        {"preview list", "list the previews", {}, {}, list},
        {"preview show", "show one preview", {name}, {}, show},
        {"preview redeploy", "deploy the newest commit again", {name}, {no_wait_option()}, redeploy},
        {"preview extend", "let it live longer", {name, {"BY", "a duration: 24h"}}, {}, extend},
        {"preview pin", "keep it beyond its time to live", {name}, {{"--off", "", "unpin"}}, pin},
        {"preview reset-data",
         "give it fresh data",
         {name},
         {{"--database", "DB", "only this database"}, no_wait_option()},
         reset_data},
        {"preview rollback", "go back to what was last good", {name}, {no_wait_option()}, roll_back},
        {"preview delete", "take it away without a trace", {name}, {no_wait_option()}, remove},
        {"preview receipt", "show what was taken away, and when its absence was observed", {name}, {}, receipt},
    };
}

}  // namespace ramet::cli
