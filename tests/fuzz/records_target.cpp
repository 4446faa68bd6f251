#include "target.hpp"

#include "clone/desired_json.hpp"
#include "engine/plan.hpp"
#include "engine/records.hpp"

namespace ramet::fuzz {

namespace {

using namespace engine;

/// What was read once is what is written, and reads the same for ever.
template <typename Read>
void check_round_trip(std::string_view what, const Json& value, Read read)
{
    const auto first = read(value);
    if (!first) return require(!first.error().message.empty(), "{} refused without a word", what);
    const auto text = to_canonical_text(to_json(*first));
    const auto parsed = parse_json(text);
    require(parsed.has_value(), "{} is written as what is no JSON", what);
    const auto second = read(*parsed);
    require(second.has_value(), "{} cannot be read back", what);
    require(to_canonical_text(to_json(*second)) == text, "{} changes from one reading to the next", what);
}

template <typename T>
Result<T> read_always(T (*read)(const Json&), const Json& value)
{
    return read(value);
}

void run(std::string_view input)
{
    const auto value = parse_json(input);
    if (!value) return;
    check_round_trip("a plan", *value, plan_from_json);
    check_round_trip("a request", *value, request_from_json);
    check_round_trip("an environment", *value, desired_from_json);
    check_round_trip("a value", *value, resolved_value_from_json);
    check_round_trip("an error", *value, [](const Json& json) { return read_always(error_from_json, json); });
    check_round_trip("outputs", *value, [](const Json& json) { return read_always(outputs_from_json, json); });
    check_round_trip("words", *value, [](const Json& json) { return read_always(words_from_json, json); });
    check_round_trip("a receipt's lines", *value, [](const Json& json) { return read_always(lines_from_json, json); });
}

DesiredEnvironment desired()
{
    DesiredEnvironment made;
    made.name = "pr-7";
    made.commit = CommitSha(std::string(40, 'a'));
    made.registry_login = SecretReference{"secret-1", 3, "registry"};
    return made;
}

std::vector<std::string> seeds()
{
    PlanStep step{.key = "service/web", .action = StepAction::update, .path = "service/web", .kind = "local.service"};
    step.spec = json::object{{"run", json::array{"a", json::object{{"$out", json::array{"database/db", "url"}}}}}};
    step.needs = {"database/db"};
    step.outputs = {"url"};
    PlanStep removal{.key = "remove x #1", .action = StepAction::remove, .path = "x", .kind = "local.route"};
    RunRequest request{.owner = OwnerId("o")};
    request.graph.nodes.push_back(
        {.path = "a", .kind = "b", .spec = json::object{{"c", 1}}, .needs = {"d"}, .outputs = {"e"}});
    return {to_text(to_json(Plan{{step, removal}})),
            to_text(to_json(request)),
            to_text(to_json(desired())),
            to_text(to_json(ResolvedValue{std::string("a"), SecretReference{}})),
            to_text(to_json(Error{ErrorKind::invalid, "m", "e", "n", "w"})),
            R"({"url":"http://a","port":1,"secret":{"$secret":"s","version":1}})",
            R"(["a","b"])",
            R"([{"path":"a","kind":"b","name":"c","absent_at":1700000000000}])"};
}

}  // namespace

const Target& records_target()
{
    static const Target target{"records",
                               seeds,
                               {"null", "[]", "{}", "\"\"", "true", "1.5", "\"steps\":[{}]", "\"nodes\":[{}]",
                                "\"remove\"", "\"$secret\":\"x\"", "{\"$out\":[]}", "\"format\":2"},
                               run};
    return target;
}

}  // namespace ramet::fuzz
