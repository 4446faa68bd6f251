#include "app/deploy.hpp"
#include "app/previews.hpp"
#include "app/report.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

namespace {

Json receipt_of(AppHouse& house, const std::string& name)
{
    return must(get_receipt(*house.app, house.admin, house.name_of(name)));
}

/// Paths of what stands of an environment.
std::set<std::string> things_of(AppHouse& house, const std::string& name)
{
    const auto owner = house.row(name).id.str();
    std::set<std::string> paths;
    for (const auto& [unused, object] : house.driver.objects())
        if (object.ref.mark.owner.str() == owner) paths.insert(object.ref.path);
    return paths;
}

}  // namespace

TEST_CASE("a pull request gets a preview, a status on its commit and one comment that is edited")
{
    AppHouse house;
    house.connect();
    house.driver.block("service/web");
    const auto number = house.open("feature");
    CHECK(house.row("pr-1").state == EnvironmentState::creating);
    CHECK(house.row("pr-1").created_by == "alice");
    house.until_comment(number, "Preview is being created");
    house.driver.release("service/web");
    house.until_state("pr-1", EnvironmentState::ready);
    house.until_comment(number, "Preview ready");
    house.until([&] { return house.gitea.status_of(house.repository.head("feature")) == "success"; });
    const auto view = house.view("pr-1");
    CHECK(view.base == "staging");
    CHECK(view.urls.at("web") == "http://web-pr-1.localhost:8080");
    CHECK(view.environment.observed_generation == 1);
}

TEST_CASE("a second look at the same head changes nothing")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    must(house.look_at(number));
    CHECK(house.runs("pr-1").size() == 1);
    CHECK(house.row("pr-1").state == EnvironmentState::ready);
}

TEST_CASE("of two quick pushes the last one wins")
{
    AppHouse house;
    house.connect();
    house.driver.block("service/web");
    const auto number = house.open("feature");
    house.repository.push("feature", {{"web/main.c", "second"}});
    must(house.look_at(number));
    const auto last = house.repository.push("feature", {{"web/main.c", "third"}});
    must(house.look_at(number));
    house.driver.release("service/web");
    house.until_state("pr-1", EnvironmentState::ready);
    house.until([&] { return house.gitea.status_of(last) == "success"; });
    CHECK(house.row("pr-1").commit == last);
    CHECK(house.desired("pr-1").commit == last);
    CHECK(house.row("pr-1").observed_generation == 3);
}

TEST_CASE("closing a pull request while its preview is made leaves nothing but a receipt")
{
    AppHouse house;
    house.connect();
    house.driver.block("service/web");
    const auto number = house.open("feature");
    house.until([&] { return house.driver.has("address/web"); });
    const auto owner = house.row("pr-1").id.str();
    house.repository.close(number);
    must(house.look_at(number));
    house.driver.release("service/web");
    house.until_gone("pr-1");
    for (const auto& [name, object] : house.driver.objects()) CHECK(object.ref.mark.owner.str() != owner);
    house.until_comment(number, "Preview removed");
    const auto receipt = receipt_of(house, "pr-1");
    CHECK(get_string(receipt, "name") == "pr-1");
    CHECK(get_string(receipt, "hash").size() == 64);
    const auto error = get_environment(*house.app, house.admin, house.name_of("pr-1"));
    REQUIRE(!error);
    CHECK(error.error().kind == ErrorKind::not_found);
}

TEST_CASE("a receipt names everything that was there, each with when it was seen absent")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    CHECK(!get_receipt(*house.app, house.admin, house.name_of("pr-1")));
    house.repository.close(number);
    must(house.look_at(number));
    house.until_gone("pr-1");
    std::set<std::string> paths;
    const auto receipt = receipt_of(house, "pr-1");
    for (const auto& line : get_member(receipt, "resources").as_array()) {
        paths.insert(get_string(line, "path"));
        CHECK(parse_rfc3339(get_string(line, "absent_at")).has_value());
    }
    const std::set<std::string> want{"address/api", "address/web", "data/db",    "database/db",
                                     "server/db",   "service/api", "service/web"};
    CHECK(paths == want);
}

TEST_CASE("a pull request that is reopened while its preview is removed gets a new preview afterwards")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    const auto first = house.row("pr-1").id;
    house.driver.fail("remove service/web", Error{ErrorKind::unavailable, "busy"}, 5);
    house.repository.close(number);
    must(house.look_at(number));
    house.repository.reopen(number);
    must(house.look_at(number));
    house.until([&] {
        const auto found = house.find("pr-1");
        return found && found->id != first && found->state == EnvironmentState::ready;
    });
    house.until_comment(number, "Preview ready");
}

TEST_CASE("a pull request that is reopened after a removal that got stuck has all of its preview again")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    const auto whole = things_of(house, "pr-1");
    house.driver.fail("remove data/db", Error{ErrorKind::forbidden, "it may not be removed"});
    house.repository.close(number);
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::needs_human);
    CHECK(things_of(house, "pr-1").size() < whole.size());
    house.repository.reopen(number);
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(things_of(house, "pr-1") == whole);
    const auto runs = house.runs("pr-1").size();
    must(house.look_at(number));
    CHECK(house.runs("pr-1").size() == runs);
}

TEST_CASE("a removal that a person asked for and that got stuck goes on with the next look")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    house.driver.fail("remove data/db", Error{ErrorKind::forbidden, "it may not be removed"});
    must(delete_preview(*house.app, house.admin, house.name_of("pr-1")));
    house.until_state("pr-1", EnvironmentState::needs_human);
    must(house.look_at(number));
    house.until_gone("pr-1");
    must(house.look_at(number));
    CHECK(!house.find("pr-1"));
}

TEST_CASE("what takes a pull request out of the trigger ends its preview as a close does")
{
    struct Case {
        std::string story;
        void (*change)(PullRequest&);
    };
    const Case cases[] = {
        {"retargeted", [](PullRequest& pull) { pull.target_branch = "elsewhere"; }},
        {"its label removed", [](PullRequest& pull) { pull.labels.clear(); }},
        {"made a draft", [](PullRequest& pull) { pull.is_draft = true; }},
        {"merged", [](PullRequest& pull) { pull.state = PullRequestState::merged; }},
        {"closed", [](PullRequest& pull) { pull.state = PullRequestState::closed; }},
    };
    for (const auto& [story, change] : cases) {
        CAPTURE(story);
        AppHouse house;
        house.connect(shop_text(
            {.previews = "  trigger: {on: [pull_request], label: preview, drafts: false, branches: [main]}"}));
        const auto number = house.open("feature");
        CHECK(!house.find("pr-1"));
        house.repository.change(number, [](PullRequest& pull) { pull.labels = {"preview"}; });
        must(house.look_at(number));
        house.until_state("pr-1", EnvironmentState::ready);
        house.repository.change(number, change);
        must(house.look_at(number));
        house.until_gone("pr-1");
    }
}

TEST_CASE("destroy_on keeps the preview of what is merged")
{
    AppHouse house;
    house.connect(shop_text({.previews = "  lifecycle: {destroy_on: [closed]}"}));
    const auto number = house.open_ready("feature");
    house.repository.change(number, [](PullRequest& pull) { pull.state = PullRequestState::merged; });
    must(house.look_at(number));
    CHECK(house.row("pr-1").state == EnvironmentState::ready);
}

TEST_CASE("a Git host that does not answer means unknown, and changes nothing")
{
    using fakes::Mood;
    for (const auto mood : {Mood::server_error, Mood::timeout, Mood::nonsense}) {
        CAPTURE(static_cast<int>(mood));
        AppHouse house;
        house.connect();
        const auto number = house.open_ready("feature");
        house.until_comment(number, "Preview ready");
        const auto before = house.row("pr-1");
        house.repository.close(number);
        house.gitea.set_mood(mood);
        const auto looked = house.look_at(number);
        REQUIRE(!looked);
        CHECK(is_transient(looked.error().kind));
        CHECK(house.row("pr-1") == before);
        house.gitea.set_mood(Mood::well);
        must(house.look_at(number));
        house.until_gone("pr-1");
    }
}

TEST_CASE("a push that could not be fetched is deployed once the repository answers again")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    const auto pushed = house.repository.push("feature", {{"web/main.c", "second"}});
    house.git.go_silent();
    CHECK(!house.look_at(number));
    CHECK(!settle_environment(*house.app, house.row("pr-1").id));
    CHECK(house.row("pr-1").state == EnvironmentState::updating);
    house.git.answer_again();
    SUBCASE("by the next look")
    {
        must(house.look_at(number));
    }
    SUBCASE("by whoever settles it")
    {
        must(settle_environment(*house.app, house.row("pr-1").id));
    }
    house.until([&] { return house.desired("pr-1").commit == pushed; });
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(house.row("pr-1").observed_generation == 2);
}

TEST_CASE("a fork is refused with one comment, however often it is looked at")
{
    AppHouse house;
    house.connect();
    house.repository.push("theirs", {{"web/main.c", "theirs"}});
    const auto number = house.repository.open("theirs", "mallory");
    house.repository.change(number, [](PullRequest& pull) { pull.head_repository = {"mallory", "shop"}; });
    for (int i = 0; i < 3; ++i) must(house.look_at(number));
    house.until_comment(number, "forks");
    CHECK(!house.find("pr-1"));
    CHECK(house.gitea.status_of(house.repository.head("theirs")).empty());
}

TEST_CASE("a stacked pull request is judged by the trusted branch's file and not by its base branch's")
{
    AppHouse house;
    house.connect();
    const auto lax = shop_text({.previews = "  name: \"taken-${pr.number}\"", .vars = "LOG_LEVEL: debug"});
    house.repository.push("below", {{"ramet.yaml", lax}});
    house.repository.push("above", {{"ramet.yaml", lax}, {"web/main.c", "above"}});
    const auto number = house.repository.open("above");
    house.repository.change(number, [](PullRequest& pull) { pull.target_branch = "below"; });
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    // Plain variables do come from the pull request.
    bool is_debug = false;
    const auto desired = house.desired("pr-1");
    for (const auto& variable : desired.services.front().env)
        is_debug = is_debug || (variable.key == "LOG_LEVEL" && variable.value == ResolvedValue{std::string("debug")});
    CHECK(is_debug);
}

TEST_CASE("a file with a fault fails the preview with its place, and the base stays as it is")
{
    AppHouse house;
    house.connect();
    const auto base = house.row("staging");
    const auto number = house.open("feature", {{"ramet.yaml", "version: 1\nproject: shop\nservises: {}\n"}});
    const auto row = house.row("pr-1");
    CHECK(row.state == EnvironmentState::failed);
    CHECK(row.reason.find("ramet.yaml:3:1") != std::string::npos);
    CHECK(row.reason.find("servises") != std::string::npos);
    house.until_comment(number, "servises");
    CHECK(house.row("staging") == base);
    house.repository.push("feature", {{"ramet.yaml", shop_text()}});
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
}

TEST_CASE("a preview that serves survives a faulty file, also when the push is taken back")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    const auto good = house.repository.head("feature");
    house.repository.push("feature", {{"ramet.yaml", "version: 1\nproject: shop\nservises: {}\n"}});
    must(house.look_at(number));
    CHECK(house.row("pr-1").state == EnvironmentState::degraded);
    CHECK(house.row("pr-1").reason.find("still serves") != std::string::npos);
    house.repository.force("feature", good);
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(house.row("pr-1").reason.empty());
    CHECK(house.runs("pr-1").size() == 1);
}

TEST_CASE("a faulty push while the first deployment goes on, taken back after it, leaves a preview that is told ready")
{
    AppHouse house;
    house.connect();
    house.driver.block("service/web");
    const auto number = house.open("feature");
    const auto good = house.repository.head("feature");
    house.repository.push("feature", {{"ramet.yaml", "version: 1\nproject: shop\nservises: {}\n"}});
    must(house.look_at(number));
    CHECK(house.row("pr-1").state == EnvironmentState::failed);
    house.driver.release("service/web");
    house.until([&] { return house.runs("pr-1").front().state == engine::RunState::succeeded; });
    house.repository.force("feature", good);
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    CHECK(house.row("pr-1").commit == good);
    CHECK(house.runs("pr-1").size() == 1);
}

TEST_CASE("a farewell that was held up by an outage is not said over the next preview's report")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    house.until_comment(number, "Preview ready");
    house.driver.fail("remove service/web", Error{ErrorKind::unavailable, "busy"}, 5);
    house.repository.close(number);
    must(house.look_at(number));
    house.gitea.set_mood(fakes::Mood::server_error);
    house.until_gone("pr-1");
    send_reports(*house.app);
    house.gitea.set_mood(fakes::Mood::well);
    house.repository.reopen(number);
    must(house.look_at(number));
    house.until_state("pr-1", EnvironmentState::ready);
    house.clock.jump(std::chrono::minutes(1));
    send_reports(*house.app);
    house.until(
        [&] { return must(house.stores->outbox.list_due(house.clock.now() + std::chrono::hours(1), 10)).empty(); });
    house.until_comment(number, "Preview ready");
}
