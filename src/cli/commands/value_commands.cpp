#include "base/file.hpp"
#include "cli/env_file.hpp"
#include "cli/session.hpp"

#include <algorithm>

namespace ramet::cli {

namespace {

const std::vector<OptionSpec> scope_options{{"--org", "", "for all projects"},
                                            {"--env", "ENV", "for this environment"},
                                            {"--service", "SERVICE", "with --env: for this service only"},
                                            {"--previews", "", "for all previews of the project"},
                                            {"--preview", "NAME", "for this preview"}};

Result<Query> scope_of(const Session& session, const Arguments& arguments)
{
    const int said =
        arguments.has("--org") + arguments.has("--env") + arguments.has("--previews") + arguments.has("--preview");
    if (said > 1) return fail(ErrorKind::invalid, "--org, --env, --previews and --preview exclude each other");
    if (arguments.has("--service") && !arguments.has("--env")) return fail(ErrorKind::invalid, "--service needs --env");
    Query query{{"project", session.project()}};
    if (arguments.has("--org"))
        query.emplace_back("scope", "organization");
    else if (arguments.has("--previews"))
        query.emplace_back("scope", "previews");
    else if (arguments.has("--preview"))
        query.emplace_back("scope", "preview");
    else if (arguments.has("--service"))
        query.emplace_back("scope", "service");
    else if (arguments.has("--env"))
        query.emplace_back("scope", "environment");
    query.emplace_back("environment", arguments.has("--preview") ? arguments.get("--preview") : arguments.get("--env"));
    query.emplace_back("service", arguments.get("--service"));
    return query;
}

Result<int> list_variables(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto query = TRY(scope_of(session, arguments));
    const auto reply = TRY(api->get(with_query("/api/v1/variables", query)));
    session.print_list(
        get_member(reply, "variables"),
        {{"KEY", "key"}, {"VALUE", "value"}, {"SCOPE", "scope"}, {"WHERE", "where"}, {"SET BY", "set_by"}});
    return 0;
}

Result<Json> value_of(const Arguments& arguments)
{
    const auto value = arguments.get("VALUE");
    if (arguments.has("--secret")) return Json(json::object{{"secret", value}});
    if (arguments.has("--alias")) return Json(json::object{{"alias", value}});
    if (!arguments.has("VALUE")) return fail(ErrorKind::invalid, "give a value: ramet vars set KEY VALUE");
    return Json(value);
}

Result<int> set_variable(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto query = TRY(scope_of(session, arguments));
    const auto value = TRY(value_of(arguments));
    TRY(api->put(with_query("/api/v1/variables/" + segment(arguments.get("KEY")), query),
                 json::object{{"value", value}}));
    session.tell("set; environments take it with their next deployment");
    return 0;
}

/// Which lines are sealed: those that look it, and those that --secret names; never those that --plain names.
Result<std::vector<EnvironmentLine>> take_secrets(std::vector<EnvironmentLine>& lines, const Arguments& arguments)
{
    const auto named = arguments.all("--secret");
    const auto plain = arguments.all("--plain");
    for (const auto* list : {&named, &plain})
        for (const auto& key : *list)
            if (std::ranges::find(lines, key, &EnvironmentLine::key) == lines.end())
                return fail(ErrorKind::not_found, "the file has no {}", key);
    const auto is_plain = [&](const EnvironmentLine& line) {
        if (std::ranges::find(named, line.key) != named.end()) return false;
        return std::ranges::find(plain, line.key) != plain.end() || !looks_secret(line);
    };
    const auto secrets = std::ranges::stable_partition(lines, is_plain);
    std::vector<EnvironmentLine> sealed(std::make_move_iterator(secrets.begin()),
                                        std::make_move_iterator(secrets.end()));
    lines.erase(secrets.begin(), secrets.end());
    return sealed;
}

/// An env file's text is meant as it stands: "${" would be read as a placeholder of ramet.yaml.
std::string without_placeholders(std::string text)
{
    for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3)) text.insert(at, 1, '$');
    return text;
}

/// {KEY: value}: what is sealed is named only.
json::object values_of(const std::vector<EnvironmentLine>& plain, const std::vector<EnvironmentLine>& sealed)
{
    json::object values;
    for (const auto& line : plain) values[line.key] = without_placeholders(line.value);
    for (const auto& line : sealed) values[line.key] = json::object{{"secret", line.key}};
    return values;
}

json::array rows_of(const std::vector<EnvironmentLine>& plain, const std::vector<EnvironmentLine>& sealed)
{
    json::array rows;
    for (const auto& line : plain) rows.push_back(json::object{{"key", line.key}, {"kept", "variable"}});
    for (const auto& line : sealed) rows.push_back(json::object{{"key", line.key}, {"kept", "secret"}});
    return rows;
}

Result<int> import_variables(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto query = TRY(scope_of(session, arguments));
    const auto text = TRY(read_file(arguments.get("FILE"), 1U << 20U));
    auto plain = TRY(parse_env_file(text, arguments.get("FILE")));
    const auto sealed = TRY(take_secrets(plain, arguments));
    for (const auto& line : sealed)
        if (line.value.empty())
            return fail(ErrorKind::invalid, "{}:{}: {} has no value; a secret needs one, or: --plain {}",
                        arguments.get("FILE"), line.line, line.key, line.key);
    const auto path = with_query("/api/v1/variables", query);
    // First only looked at: a name that is refused must not leave half of the file behind.
    TRY(api->post(path, json::object{{"values", values_of(plain, sealed)}, {"dry_run", true}}));
    for (const auto& line : sealed)
        TRY(api->put_raw(with_query("/api/v1/secrets/" + segment(line.key), query), SecretBytes(line.value)));
    TRY(api->post(path, json::object{{"values", values_of(plain, sealed)}}));
    session.print_list(rows_of(plain, sealed), {{"KEY", "key"}, {"KEPT AS", "kept"}});
    session.tell("set; environments take it with their next deployment");
    return 0;
}

Result<int> unset_variable(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto query = TRY(scope_of(session, arguments));
    TRY(api->remove(with_query("/api/v1/variables/" + segment(arguments.get("KEY")), query)));
    return 0;
}

Result<int> explain(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const Query query{{"project", session.project()},
                      {"environment", arguments.get("--env")},
                      {"service", arguments.get("--service")},
                      {"explain", arguments.get("KEY")}};
    const auto reply = TRY(api->get(with_query("/api/v1/variables/effective", query)));
    if (session.is_for_people() && get_member(reply, "text").is_string())
        session.print(get_string(reply, "text"));
    else
        session.print_object(reply, {});
    return 0;
}

Result<int> list_secrets(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto query = TRY(scope_of(session, arguments));
    const auto reply = TRY(api->get(with_query("/api/v1/secrets", query)));
    session.print_list(get_member(reply, "secrets"), {{"NAME", "name"},
                                                      {"SCOPE", "scope"},
                                                      {"VERSION", "version"},
                                                      {"PROTECTED", "protected"},
                                                      {"SET BY", "set_by"},
                                                      {"SET AT", "set_at"}});
    return 0;
}

Result<int> set_secret(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    auto query = TRY(scope_of(session, arguments));
    if (arguments.has("--protected")) query.emplace_back("protected", "true");
    const auto value = TRY(read_secret("value of " + arguments.get("NAME")));
    const auto view = TRY(api->put_raw(with_query("/api/v1/secrets/" + segment(arguments.get("NAME")), query), value));
    session.print_object(view,
                         {{"name", "name"}, {"scope", "scope"}, {"version", "version"}, {"protected", "protected"}});
    return 0;
}

Result<int> remove_secret(Session& session, const Arguments& arguments)
{
    auto* api = TRY(session.api());
    const auto query = TRY(scope_of(session, arguments));
    TRY(api->remove(with_query("/api/v1/secrets/" + segment(arguments.get("NAME")), query)));
    return 0;
}

Result<int> rotate(Session& session, const Arguments&)
{
    auto* api = TRY(session.api());
    const auto reply = TRY(api->post("/api/v1/secrets/rotate"));
    session.print_object(reply, {{"wrapped anew", "rewrapped"}});
    return 0;
}

std::vector<OptionSpec> with_scope(std::vector<OptionSpec> options)
{
    options.insert(options.end(), scope_options.begin(), scope_options.end());
    return options;
}

}  // namespace

Commands value_commands()
{
    using Count = PositionalSpec::Count;
    const PositionalSpec key{"KEY", "name of the variable"};
    // No positional takes a secret's value: arguments are seen by everybody on the machine.
    const PositionalSpec secret{"NAME", "name of the secret"};
    return {
        {"vars list", "list the variables of a scope", {}, with_scope({}), list_variables},
        {"vars set",
         "set a variable",
         {key, {"VALUE", "its text", Count::optional}},
         with_scope({{"--secret", "", "VALUE is the name of a secret"},
                     {"--alias", "", "VALUE is the name of another variable"}}),
         set_variable},
        {"vars import",
         "set the variables of an env file; what looks like a secret is sealed",
         {{"FILE", "lines of KEY=VALUE"}},
         with_scope({{"--secret", "KEY", "seal this one too; may be repeated"},
                     {"--plain", "KEY", "this one is no secret; may be repeated"}}),
         import_variables},
        {"vars unset", "take a variable away from a scope", {key}, with_scope({}), unset_variable},
        {"vars explain",
         "show every candidate for a variable and which one won",
         {key},
         {{"--env", "ENV", "as this environment reads it"}, {"--service", "SERVICE", "as this service reads it"}},
         explain},
        {"secret list", "list names and versions; values are never shown", {}, with_scope({}), list_secrets},
        {"secret set",
         "set a secret from standard input or a prompt",
         {secret},
         with_scope({{"--protected", "", "never flows into a preview"}}),
         set_secret,
         "the value"},
        {"secret delete", "take a secret away from a scope", {secret}, with_scope({}), remove_secret},
        {"secret rotate", "wrap all data keys under a new key-encryption key", {}, {}, rotate},
    };
}

}  // namespace ramet::cli
