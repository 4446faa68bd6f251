#include "app/attach.hpp"

#include "app/maintenance.hpp"
#include "fakes/app_house.hpp"

namespace ramet::app {

using namespace testing;

namespace {

const Caller deployer{"dora", Role::deployer, {}};
const Caller stranger{"sam", Role::admin, "other"};

bool is_audited(AppHouse& house, const std::string& line)
{
    const auto lines = house.audited();
    return std::ranges::find(lines, line) != lines.end();
}

}  // namespace

TEST_CASE("a command is started beside a service, and the audit log has its program but none of its arguments")
{
    AppHouse house;
    house.connect();
    const auto command = start_command(*house.app, deployer, house.name_of("staging"),
                                       {"api", {"/usr/bin/curl", "-H", "Authorization: s3cr3t-value"}});
    REQUIRE(command);
    const auto started = house.attacher.take_started();
    REQUIRE(started.size() == 1);
    CHECK(started.front().request.service == "api");
    CHECK(started.front().request.arguments.size() == 3);
    CHECK(is_audited(house, "exec staging/api"));
    for (const auto& entry : must(list_audit(*house.app, house.admin, 0, 1000))) {
        if (entry.action != "exec") continue;
        CHECK(entry.actor == "dora");
        CHECK(to_text(entry.detail).contains("curl"));
        CHECK_FALSE(to_text(entry.detail).contains("Authorization"));
        CHECK_FALSE(to_text(entry.detail).contains("/usr/bin"));
    }
}

TEST_CASE("a connection is opened to the port of a service or a database, and audited")
{
    AppHouse house;
    house.connect();
    const auto view = house.view("staging");
    REQUIRE(open_connection(*house.app, deployer, house.name_of("staging"), {PartKind::service, "api"}));
    REQUIRE(open_connection(*house.app, deployer, house.name_of("staging"), {PartKind::database, "db"}));
    const auto connected = house.attacher.take_connected();
    REQUIRE(connected.size() == 2);
    const auto service = std::ranges::find(view.services, "api", &ServiceView::name);
    CHECK(connected[0].address == service->address);
    CHECK(connected[1].address == view.databases.front().address);
    CHECK(is_audited(house, "port-forward staging/api"));
    CHECK(is_audited(house, "port-forward staging/db"));
}

TEST_CASE("what is not there or not theirs is refused in words, and nothing is started or audited")
{
    AppHouse house;
    house.connect();
    struct Case {
        std::string story;
        Caller caller;
        std::string environment, part;
        ErrorKind kind;
        std::string words;
    };
    const Case cases[] = {
        {"no such environment", deployer, "pr-9", "api", ErrorKind::not_found, "no environment is called pr-9"},
        {"another project's", stranger, "staging", "api", ErrorKind::not_found, "no environment is called staging"},
        {"no such service", deployer, "staging", "nothing", ErrorKind::not_found, "staging has no"},
    };
    for (const auto& [story, caller, environment, part, kind, words] : cases) {
        CAPTURE(story);
        const EnvironmentName name{{}, environment};
        const Result<void> results[] = {check_command(*house.app, caller, name, part),
                                        check_connection(*house.app, caller, name, {PartKind::service, part}),
                                        check_connection(*house.app, caller, name, {PartKind::database, part + "x"})};
        for (const auto& result : results) {
            REQUIRE_FALSE(result);
            CHECK(result.error().kind == kind);
            CHECK(result.error().message.contains(words));
            CHECK_FALSE(result.error().next_step.empty());
        }
        CHECK_FALSE(start_command(*house.app, caller, name, {part, {"true"}}));
        CHECK_FALSE(open_connection(*house.app, caller, name, {PartKind::service, part}));
    }
    CHECK_FALSE(start_command(*house.app, deployer, house.name_of("staging"), {"api", {}}));
    CHECK(house.attacher.take_started().empty());
    CHECK(house.attacher.take_connected().empty());
    for (const auto& line : house.audited()) CHECK_FALSE(line.starts_with("exec"));
}

TEST_CASE("into a protected environment only administrators get")
{
    AppHouse house;
    house.connect();
    auto row = house.row("staging");
    row.is_protected = true;
    must(house.database->write([&](storage::Transaction& transaction) {
        return house.stores->environments.update(transaction, row, row.desired_generation);
    }));
    const auto name = house.name_of("staging");
    for (const auto role : {Role::deployer, Role::secret_writer, Role::approver}) {
        const Caller caller{"someone", role, {}};
        const auto refused = start_command(*house.app, caller, name, {"api", {"env"}});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().kind == ErrorKind::refused);
        CHECK(refused.error().message.contains("staging is protected"));
        CHECK(check_command(*house.app, caller, name, "api").error().kind == ErrorKind::refused);
        CHECK(open_connection(*house.app, caller, name, {PartKind::database, "db"}).error().kind == ErrorKind::refused);
        CHECK(check_connection(*house.app, caller, name, {PartKind::database, "db"}).error().kind ==
              ErrorKind::refused);
    }
    CHECK(house.attacher.take_started().empty());
    CHECK(start_command(*house.app, house.admin, name, {"api", {"env"}}).has_value());
    CHECK(open_connection(*house.app, house.admin, name, {PartKind::database, "db"}).has_value());
}

TEST_CASE("a program that cannot be run is told, and its attempt is in the audit log")
{
    AppHouse house;
    house.connect();
    const auto refused = start_command(*house.app, deployer, house.name_of("staging"), {"api", {"missing"}});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == ErrorKind::invalid);
    CHECK(is_audited(house, "exec staging/api"));
}

}  // namespace ramet::app
