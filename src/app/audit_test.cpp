#include "app/audit.hpp"

#include "app/access.hpp"
#include "app/maintenance.hpp"
#include "app/previews.hpp"
#include "app/rotation.hpp"
#include "app/runs.hpp"
#include "app/values.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;
using namespace std::chrono_literals;

TEST_CASE("everything that changes something is in the audit log with who did it, and the log proves itself")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const Caller ann{"ann", Role::admin, {}};
    const auto name = house.name_of("pr-1");
    auto& app = *house.app;
    struct Case {
        std::string want;
        std::function<void()> act;
    };
    const auto settled = [&] { house.until_state("pr-1", EnvironmentState::ready); };
    const ScopeName scope{.project = "shop"};
    const Case cases[] = {
        {"preview.extend pr-1", [&] { must(extend_preview(app, ann, name, 1h)); }},
        {"preview.pin pr-1", [&] { must(pin_preview(app, ann, name, true)); }},
        {"preview.unpin pr-1", [&] { must(pin_preview(app, ann, name, false)); }},
        {"environment.deploy pr-1",
         [&] {
             must(redeploy_preview(app, ann, name));
             settled();
         }},
        {"environment.deploy pr-1",
         [&] {
             must(reset_preview_data(app, ann, name, ""));
             settled();
         }},
        {"environment.deploy pr-1",
         [&] {
             must(restart_service(app, ann, name, "web"));
             settled();
         }},
        {"environment.deploy pr-1",
         [&] {
             must(scale_service(app, ann, name, "web", 2));
             settled();
         }},
        {"variable.set KEY", [&] { must(set_variable(app, ann, scope, "KEY", Json("x"))); }},
        {"variable.unset KEY", [&] { must(unset_variable(app, ann, scope, "KEY")); }},
        {"secret.set stripe", [&] { must(set_secret(app, ann, scope, "stripe", SecretBytes("sk_live_1234"), false)); }},
        {"secret.delete stripe", [&] { must(remove_secret(app, ann, scope, "stripe")); }},
        {"secret.rotate keys", [&] { must(rotate_keys(app, ann)); }},
        {"database.connect pr-1/db", [&] { must(get_connection_url(app, ann, name, "db")); }},
        {"database.refresh pr-1/db", [&] { must(refresh_golden(app, ann, name, "db")); }},
        {"sweep dry run", [&] { must(sweep(app, ann, true, false)); }},
        {"preview.create by-hand", [&] { must(create_preview(app, ann, {.branch = "feature", .name = "by-hand"})); }},
        {"environment.delete pr-1", [&] { must(delete_preview(app, ann, name)); }},
    };
    for (const auto& [want, act] : cases) {
        CAPTURE(want);
        const auto before = must(list_audit(app, ann, 0, 1000)).back().id;
        act();
        bool is_there = false;
        for (const auto& entry : must(list_audit(app, ann, before, 1000)))
            is_there = is_there || (entry.actor == "ann" && entry.action + " " + entry.subject == want);
        CHECK(is_there);
    }
    CHECK(must(verify_audit(app, ann)) == std::ssize(must(list_audit(app, ann, 0, 1000))));
    for (const auto& entry : must(list_audit(app, ann, 0, 1000)))
        CHECK(to_text(entry.detail).find("sk_live_1234") == std::string::npos);
}

TEST_CASE("what cannot be audited does not happen, and records are never edited")
{
    AppHouse house;
    house.connect();
    const auto refused = house.database->write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(house.stores->settings.set(transaction, "planted", "x"));
        return audit(*house.app, transaction, {"ann", "test", ProjectId("nobody"), "subject"});
    });
    CHECK(!refused);
    CHECK(!must(house.stores->settings.find("planted")));
    for (const std::string statement :
         {"UPDATE audit SET actor = 'eve' WHERE id = 1", "DELETE FROM audit WHERE id = 1"})
        CHECK(!house.database->write([&](storage::Transaction& transaction) -> Result<void> {
            TRY(transaction->execute(statement, {}));
            return {};
        }));
    CHECK(verify_audit(*house.app, house.admin).has_value());
}

TEST_CASE("a project's callers see their own records and events only")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    must(create_token(*house.app, house.admin, {.name = "for all"}));
    const Caller scoped{"lead", Role::admin, "shop"};
    for (const auto& entry : must(list_audit(*house.app, scoped, 0, 1000))) CHECK(entry.action != "token.create");
    house.until([&] { return !must(list_events(*house.app, scoped, 0, 1000)).events.empty(); });
    const auto page = must(list_events(*house.app, scoped, 0, 1000));
    for (const auto& event : page.events) CHECK(event.project == house.project().id.str());
    CHECK(!list_events(*house.app, {"eve", Role::admin, "other"}, 0, 10));
}

TEST_CASE("events tell each state of a preview and each step of its runs, in order and to the end")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    house.repository.close(number);
    must(house.look_at(number));
    house.until_gone("pr-1");
    const auto states = [&] {
        std::vector<std::string> told;
        for (const auto& event : must(list_events(*house.app, house.admin, 0, 10'000)).events)
            if (event.kind == "environment.state" && event.environment == "pr-1")
                told.push_back(get_string(event.data, "state"));
        return told;
    };
    house.until([&] { return !states().empty() && states().back() == "gone"; });
    const auto told = states();
    CHECK(told.front() == "creating");
    CHECK(std::ranges::find(told, "ready") != told.end());
    CHECK(std::ranges::find(told, "deleting") != told.end());
    std::set<std::string> kinds;
    for (const auto& event : must(list_events(*house.app, house.admin, 0, 10'000)).events) kinds.insert(event.kind);
    CHECK(kinds.contains("run.step"));
    CHECK(kinds.contains("run.state"));
}
