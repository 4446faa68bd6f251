#include "app/access.hpp"

#include "app/maintenance.hpp"
#include "app/plans.hpp"
#include "app/previews.hpp"
#include "app/rotation.hpp"
#include "app/runs.hpp"
#include "app/values.hpp"
#include "base/text.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;
using namespace std::chrono_literals;

namespace {

std::string made(AppHouse& house, const NewToken& token)
{
    return std::string(must(create_token(*house.app, house.admin, token)).reveal());
}

std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    const auto at = text.find(what);
    return at == std::string::npos || what.empty() ? text : text.replace(at, what.size(), by);
}

/// What an error says, with the asked-for name taken out.
template <typename T>
std::string words_of(const Result<T>& result, const std::string& asked)
{
    if (result) return "allowed";
    const auto& error = result.error();
    return std::string(to_string(error.kind)) + "|" + replaced(error.message, asked, "NAME") + "|" +
           replaced(error.evidence, asked, "NAME") + "|" + replaced(error.next_step, asked, "NAME");
}

}  // namespace

TEST_CASE("a token says who asks, with its role and project")
{
    AppHouse house;
    house.connect();
    for (const auto role : {Role::viewer, Role::deployer, Role::secret_writer, Role::approver, Role::admin}) {
        const auto text = made(house, {.name = "ci", .role = role, .project = "shop"});
        const auto caller = must(authenticate(*house.app, text));
        CHECK(caller.name == "ci");
        CHECK(caller.role == role);
        CHECK(caller.project == "shop");
    }
    for (const auto& token : must(list_tokens(*house.app, house.admin))) CHECK(token.last_used_at.has_value());
}

TEST_CASE("a token that is unknown, revoked or expired is nobody")
{
    AppHouse house;
    house.connect();
    const auto expiring = made(house, {.name = "short", .valid_for = 1h});
    const auto revoked = made(house, {.name = "gone"});
    CHECK(authenticate(*house.app, expiring).has_value());
    house.clock.jump(2h);
    for (const auto& token : must(list_tokens(*house.app, house.admin)))
        if (token.name == "gone") must(revoke_token(*house.app, house.admin, token.id));
    std::set<std::string> answers;
    for (const std::string& text :
         {expiring, revoked, std::string("ramet_unknown"), std::string("Basic x"), std::string()})
        answers.insert(words_of(authenticate(*house.app, text), text));
    CHECK(answers.size() == 1);
    CHECK(answers.begin()->starts_with("unauthenticated"));
}

TEST_CASE("the text of a token is stored nowhere")
{
    AppHouse house;
    house.connect();
    const auto text = made(house, {.name = "ci"});
    house.stop();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(house.directory.path()))
        if (entry.is_regular_file()) CHECK(must(read_file(entry.path())).find(text) == std::string::npos);
}

TEST_CASE("a token may not do more than whoever makes it")
{
    AppHouse house;
    house.connect();
    const Caller scoped{"lead", Role::admin, "shop"};
    const Caller deployer{"ci", Role::deployer, {}};
    CHECK(create_token(*house.app, scoped, {.name = "a", .project = "shop"}).has_value());
    CHECK(words_of(create_token(*house.app, scoped, {.name = "b"}), "").starts_with("forbidden"));
    CHECK(words_of(create_token(*house.app, scoped, {.name = "c", .project = "other"}), "").starts_with("forbidden"));
    CHECK(
        words_of(create_token(*house.app, deployer, {.name = "d", .role = Role::admin}), "").starts_with("forbidden"));
    CHECK(words_of(create_token(*house.app, house.admin, {.name = ""}), "").starts_with("invalid"));
    CHECK(must(list_tokens(*house.app, scoped)).size() == 1);
}

TEST_CASE("whoever is of another project gets the same words for what exists and for what does not")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto token = must(create_token(*house.app, house.admin, {.name = "of shop", .project = "shop"}));
    const auto token_id = must(list_tokens(*house.app, house.admin)).front().id;
    const auto run = house.runs("pr-1").front().id.str();
    const Caller stranger{"eve", Role::admin, "other"};
    auto& app = *house.app;
    using Ask = std::function<std::string(const std::string&)>;
    struct Case {
        std::string story, existing;
        Ask ask;
    };
    const auto in = [](const std::string& name) { return EnvironmentName{"shop", name}; };
    const Case cases[] = {
        {"environment", "pr-1", [&](auto& name) { return words_of(get_environment(app, stranger, in(name)), name); }},
        {"environment without project", "pr-1",
         [&](auto& name) { return words_of(get_environment(app, stranger, {"", name}), name); }},
        {"why", "pr-1", [&](auto& name) { return words_of(explain_environment(app, stranger, in(name)), name); }},
        {"logs", "pr-1", [&](auto& name) { return words_of(find_logs(app, stranger, in(name), "web", {}), name); }},
        {"connect", "pr-1",
         [&](auto& name) { return words_of(get_connection_url(app, stranger, in(name), "db"), name); }},
        {"delete", "pr-1", [&](auto& name) { return words_of(delete_preview(app, stranger, in(name)), name); }},
        {"redeploy", "pr-1", [&](auto& name) { return words_of(redeploy_preview(app, stranger, in(name)), name); }},
        {"rollback", "pr-1", [&](auto& name) { return words_of(roll_back_preview(app, stranger, in(name)), name); }},
        {"restart", "pr-1",
         [&](auto& name) { return words_of(restart_service(app, stranger, in(name), "web"), name); }},
        {"extend", "pr-1", [&](auto& name) { return words_of(extend_preview(app, stranger, in(name), 1h), name); }},
        {"receipt", "pr-1", [&](auto& name) { return words_of(get_receipt(app, stranger, in(name)), name); }},
        {"base", "staging",
         [&](auto& name) { return words_of(delete_environment(app, stranger, in(name), name), name); }},
        {"runs", "pr-1", [&](auto& name) { return words_of(list_runs(app, stranger, in(name)), name); }},
        {"run", run, [&](auto& id) { return words_of(get_run(app, stranger, id), id); }},
        {"cancel", run, [&](auto& id) { return words_of(cancel_run(app, stranger, id), id); }},
        {"token", token_id, [&](auto& id) { return words_of(revoke_token(app, stranger, id), id); }},
        {"project", "shop", [&](auto& name) { return words_of(get_project(app, stranger, name), name); }},
        {"project's end", "shop", [&](auto& name) { return words_of(remove_project(app, stranger, name), name); }},
        {"plan", "pr-1",
         [&](auto& name) {
             return words_of(plan_environment(app, stranger, {.project = "shop", .environment = name}), name);
         }},
        {"variables", "shop",
         [&](auto& name) { return words_of(list_variables(app, stranger, {.project = name}), name); }},
        {"by hand", "shop",
         [&](auto& name) {
             return words_of(create_preview(app, stranger, {.project = name, .branch = "main"}), name);
         }},
    };
    for (const auto& [story, existing, ask] : cases) {
        CAPTURE(story);
        const auto answer = ask(existing);
        CHECK(answer.starts_with("not_found|"));
        CHECK(answer == ask("0123456789abcdef"));
    }
    CHECK(must(list_environments(app, stranger, "shop", false)).empty());
    CHECK(must(list_projects(app, stranger)).empty());
    CHECK(must(list_tokens(app, {"lead", Role::admin, "shop"})).size() == 1);
}

TEST_CASE("what concerns the whole installation is not for tokens of one project")
{
    AppHouse house;
    house.connect();
    auto& app = *house.app;
    const Caller scoped{"lead", Role::admin, "shop"};
    CHECK(words_of(sweep(app, scoped, true, false), "").starts_with("forbidden"));
    CHECK(words_of(verify_audit(app, scoped), "").starts_with("forbidden"));
    CHECK(words_of(examine(app, scoped), "").starts_with("forbidden"));
    CHECK(words_of(rotate_keys(app, scoped), "").starts_with("forbidden"));
    CHECK(words_of(set_variable(app, scoped, {.level = ScopeName::Level::organization}, "KEY", Json("x")), "")
              .starts_with("forbidden"));
    CHECK(words_of(
              connect_repository(
                  app, {"lead", Role::admin, "other"},
                  {.forge = "gitea", .url = "http://git.test", .repository = "acme/shop", .token = SecretBytes("t")}),
              "")
              .starts_with("forbidden"));
    CHECK(words_of(apply_project(app, {"lead", Role::admin, "other"}, {.file_text = shop_text()}), "")
              .starts_with("forbidden"));
}
