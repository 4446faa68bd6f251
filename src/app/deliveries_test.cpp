#include "app/deliveries.hpp"

#include "app/maintenance.hpp"
#include "base/hash.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

namespace {

forges::Delivery delivery(AppHouse& house, const std::string& id, const std::string& event, const Json& payload)
{
    const auto body = to_text(payload);
    return {{{"x-gitea-event", event},
             {"x-gitea-event-type", event},
             {"x-gitea-delivery", id},
             {"x-gitea-signature", hmac_sha256_hex(house.gitea.webhook_secret(), body)},
             {"authorization", "Bearer of-somebody"}},
            body};
}

Json about_pull_request(std::int64_t number, const std::string& repository = "acme/shop")
{
    return json::object{
        {"number", number}, {"action", "opened"}, {"repository", json::object{{"full_name", repository}}}};
}

Result<Receipt> receive(AppHouse& house, forges::Delivery sent)
{
    return receive_delivery(*house.app, "gitea", house.project().connection.id, std::move(sent));
}

std::vector<DeliveryView> listed(AppHouse& house)
{
    return must(list_deliveries(*house.app, house.admin, ""));
}

}  // namespace

TEST_CASE("a delivery leads to a look at its pull request, and twice the same one to nothing more")
{
    AppHouse house;
    house.connect();
    house.repository.push("feature", {{"web/main.c", "changed"}});
    const auto sent = delivery(house, "d-1", "pull_request", about_pull_request(house.repository.open("feature")));
    CHECK(must(receive(house, sent)) == Receipt::stored);
    CHECK(must(receive(house, sent)) == Receipt::duplicate);
    house.until_state("pr-1", EnvironmentState::ready);
    REQUIRE(listed(house).size() == 1);
    house.until([&] { return listed(house).front().state == "processed"; });
    CHECK(listed(house).front().event == "pull_request");
}

TEST_CASE("what is not signed with the connection's secret is refused and leaves no trace")
{
    struct Case {
        std::string story;
        void (*spoil)(forges::Delivery&);
        ErrorKind want;
    };
    const Case cases[] = {
        {"a wrong signature", [](forges::Delivery& sent) { sent.headers["x-gitea-signature"] = std::string(64, '0'); },
         ErrorKind::unauthenticated},
        {"none", [](forges::Delivery& sent) { sent.headers.erase("x-gitea-signature"); }, ErrorKind::unauthenticated},
        {"another body", [](forges::Delivery& sent) { sent.body += " "; }, ErrorKind::unauthenticated},
    };
    AppHouse house;
    house.connect();
    for (const auto& [story, spoil, want] : cases) {
        CAPTURE(story);
        auto sent = delivery(house, "d-" + story, "pull_request", about_pull_request(1));
        spoil(sent);
        const auto received = receive(house, std::move(sent));
        REQUIRE(!received);
        CHECK(received.error().kind == want);
    }
    const auto shapeless = receive(house, delivery(house, "d-9", "pull_request", json::object{{"number", 1}}));
    REQUIRE(!shapeless);
    CHECK(shapeless.error().kind == ErrorKind::invalid);
    const auto elsewhere =
        receive_delivery(*house.app, "gitea", "nobody", delivery(house, "d-10", "pull_request", about_pull_request(1)));
    REQUIRE(!elsewhere);
    CHECK(elsewhere.error().kind == ErrorKind::not_found);
    CHECK(listed(house).empty());
}

TEST_CASE("what changes nothing is kept with its reason")
{
    struct Case {
        std::string event;
        Json payload;
        std::string reason;
    };
    const Case cases[] = {
        {"pull_request", about_pull_request(1, "acme/other"), "another repository"},
        {"release", json::object{{"action", "published"}}, "changes nothing"},
        {"push", json::object{{"ref", "refs/tags/v1"}, {"repository", json::object{{"full_name", "acme/shop"}}}},
         "no branch"},
    };
    AppHouse house;
    house.connect();
    for (const auto& [event, payload, reason] : cases) {
        CAPTURE(reason);
        CHECK(must(receive(house, delivery(house, "d-" + reason, event, payload))) == Receipt::stored);
        house.until([&] { return listed(house).front().state == "ignored"; });
        CHECK(listed(house).front().reason.find(reason) != std::string::npos);
    }
}

TEST_CASE("a push to the trusted branch redeploys the base with the new file")
{
    AppHouse house;
    house.connect();
    const auto head = house.repository.push("main", {{"ramet.yaml", shop_text({.vars = "LOG_LEVEL: warn"})}});
    const json::object payload{{"ref", "refs/heads/main"}, {"repository", json::object{{"full_name", "acme/shop"}}}};
    must(receive(house, delivery(house, "d-1", "push", payload)));
    house.until([&] { return house.row("staging").observed_generation == 2; });
    CHECK(house.row("staging").commit == head);
    CHECK(house.project().trusted_commit == head);
    CHECK(house.project().file_text.find("warn") != std::string::npos);
}

TEST_CASE("what a delivery hinted at before a crash is seen by the next server's look at everything")
{
    AppHouse house;
    house.connect();
    house.repository.push("feature", {{"web/main.c", "changed"}});
    const auto number = house.repository.open("feature");
    house.work->stop();
    CHECK(must(receive(house, delivery(house, "d-1", "pull_request", about_pull_request(number)))) == Receipt::stored);
    CHECK(listed(house).front().state == "processed");
    house.restart();
    reconcile_all(*house.app);
    house.until_state("pr-1", EnvironmentState::ready);
}

TEST_CASE("a close that no webhook told of is seen by the next look at everything")
{
    AppHouse house;
    house.connect();
    const auto number = house.open_ready("feature");
    house.repository.push("other", {{"web/main.c", "other"}});
    house.repository.open("other");
    house.repository.close(number);
    reconcile_all(*house.app);
    house.until_gone("pr-1");
    house.until_state("pr-2", EnvironmentState::ready);
}

TEST_CASE("where the file of the last look cannot be read any more, the push that mends it is seen by the next look")
{
    AppHouse house;
    house.connect();
    auto project = house.project();
    project.file_text = "version: 1\nproject: shop\nservises: {}\n";
    must(house.database->write(
        [&](storage::Transaction& transaction) { return house.stores->projects.update(transaction, project); }));
    const auto head = house.repository.push("main", {{"ramet.yaml", shop_text({.vars = "LOG_LEVEL: warn"})}});
    reconcile_all(*house.app);
    house.until([&] { return house.row("staging").observed_generation == 2; });
    CHECK(house.row("staging").commit == head);
    CHECK(house.project().trusted_commit == head);
}

TEST_CASE("a look at everything asks the Git host for a list, and then for those alone of which something would follow")
{
    AppHouse house;
    house.connect();
    for (const auto* branch : {"one", "two", "three"}) house.open_ready(branch);
    house.repository.push("theirs", {{"web/main.c", "theirs"}});
    const auto fork = house.repository.open("theirs", "mallory");
    house.repository.change(fork, [](PullRequest& pull) { pull.head_repository = {"mallory", "shop"}; });
    must(house.look_at(fork));
    house.until_comment(fork, "forks");
    // From here on what is asked for waits.
    house.work->stop();
    const auto look = [&house] {
        const auto waiting = house.work->load().due;
        const auto requests = house.gitea.requests();
        reconcile_all(*house.app);
        CHECK(house.gitea.requests() == requests + 1);
        return house.work->load().due - waiting;
    };
    (void)look();  // What is looked at in any case: the base's branch, what is to be sent.
    CHECK(look() == 0);
    house.repository.push("two", {{"web/main.c", "again"}});
    CHECK(look() == 1);
    house.repository.close(3);
    CHECK(look() == 1);
    house.repository.change(fork, [](PullRequest& pull) { pull.head_repository = {"acme", "shop"}; });
    CHECK(look() == 1);
    house.repository.push("four", {{"web/main.c", "four"}});
    house.repository.open("four");
    CHECK(look() == 1);
}

TEST_CASE("a fork is told once why it gets no preview, and again when the reason is another one")
{
    AppHouse house;
    house.connect(shop_text({.previews = "  trigger: {drafts: false}"}));
    house.repository.push("theirs", {{"web/main.c", "theirs"}});
    const auto fork = house.repository.open("theirs", "mallory");
    house.repository.change(fork, [](PullRequest& pull) { pull.head_repository = {"mallory", "shop"}; });
    reconcile_all(*house.app);
    house.until_comment(fork, "forks");
    house.work->stop();
    const auto due_after_a_look = [&house] {
        const auto waiting = house.work->load().due;
        reconcile_all(*house.app);
        return house.work->load().due - waiting;
    };
    (void)due_after_a_look();
    CHECK(due_after_a_look() == 0);
    house.repository.change(fork, [](PullRequest& pull) { pull.is_draft = true; });
    CHECK(due_after_a_look() == 1);
}

TEST_CASE("a redelivery is worked on again, keeps no credentials, and is there for those who see the project")
{
    AppHouse house;
    house.connect();
    must(receive(house, delivery(house, "d-1", "pull_request", about_pull_request(99))));
    house.until([&] { return listed(house).front().state == "processed"; });
    const auto id = listed(house).front().id;
    CHECK(!must(house.stores->deliveries.get(id)).headers.contains("authorization"));
    must(redeliver(*house.app, house.admin, id));
    house.until([&] { return listed(house).front().state == "processed"; });
    const Caller stranger{"eve", Role::admin, "other"};
    const auto foreign = redeliver(*house.app, stranger, id);
    const auto absent = redeliver(*house.app, stranger, id + 1);
    REQUIRE(!foreign);
    REQUIRE(!absent);
    CHECK(foreign.error().message == "there is no delivery " + std::to_string(id));
    CHECK(absent.error().message == "there is no delivery " + std::to_string(id + 1));
}
