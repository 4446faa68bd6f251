#include "api/api_house.hpp"
#include "net/web_socket_client.hpp"

#include <unistd.h>

#include <future>

namespace ramet::api {

using namespace testing;

namespace {

constexpr std::chrono::seconds patience{20};
const std::string exec_path = "/api/v1/environments/staging/services/api/exec";
const std::string forward_path = "/api/v1/environments/staging/databases/db/port-forward";

std::string read_all(const Fd& fd)
{
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(fd.get(), buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    return text;
}

void write_text(const Fd& fd, std::string_view text)
{
    REQUIRE(::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

std::pair<Fd, Fd> make_pipe()
{
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    return {Fd(ends[0]), Fd(ends[1])};
}

/// A house with staging, and a client on a thread of its own.
struct AttachHouse : ApiHouse {
    AttachHouse() { house.connect(); }

    net::WebSocketRequest request(const std::string& path, std::string token = {}) const
    {
        if (token.empty()) token = admin;
        return {.url = fmt::format("http://127.0.0.1:{}{}", server->port(), path),
                .headers = {{"Authorization", "Bearer " + token}, {"Ramet-Command", "%5B%22env%22%5D"}}};
    }

    fakes::HouseAttacher::Started wait_started()
    {
        std::vector<fakes::HouseAttacher::Started> started;
        house.until([&] { return !(started = house.attacher.take_started()).empty(); });
        return std::move(started.front());
    }
};

struct Joined {
    std::pair<Fd, Fd> input = make_pipe();
    std::pair<Fd, Fd> output = make_pipe();
    std::pair<Fd, Fd> error = make_pipe();
    std::future<Result<net::WebSocketOutcome>> outcome;

    explicit Joined(const net::WebSocketRequest& request)
    {
        auto joint = std::make_shared<net::Joint>();
        joint->sources.push_back({net::channel::input, std::move(input.first), {}});
        joint->sinks.push_back({net::channel::output, std::move(output.second)});
        joint->sinks.push_back({net::channel::error, std::move(error.second)});
        outcome = std::async(std::launch::async,
                             [request, joint] { return net::join_web_socket(request, std::move(*joint)); });
    }
    net::WebSocketOutcome wait()
    {
        REQUIRE(outcome.wait_for(patience) == std::future_status::ready);
        return must(outcome.get());
    }
};

}  // namespace

TEST_CASE("a command's streams go both ways, apart, without secrets, and its exit code is the last word")
{
    AttachHouse house;
    house.house.redactor.add(SecretBytes("correct-horse-battery"));
    Joined joined(house.request(exec_path));
    auto command = house.wait_started();
    CHECK(command.request.service == "api");
    CHECK(command.request.arguments == std::vector<std::string>{"env"});

    write_text(joined.input.second, "typed");
    joined.input.second.reset();
    CHECK(read_all(command.input) == "typed");
    // Cut in two, as it happens where buffers end.
    write_text(command.output, "PASSWORD=correct-horse");
    write_text(command.error, "a warning");
    write_text(command.output, "-battery\nDONE=1\n");
    for (auto* fd : {&command.output, &command.error}) fd->reset();
    write_text(command.control, "3");
    command.control.reset();
    CHECK(read_all(joined.output.first) == "PASSWORD=***\nDONE=1\n");
    CHECK(read_all(joined.error.first) == "a warning");
    const auto said = must(parse_json(joined.wait().end.last_word));
    CHECK(get_int(said, "exit_code") == 3);
    CHECK(get_string(said, "ending") == "exited with 3");
}

TEST_CASE("when the client goes, everything that the command was given is closed")
{
    AttachHouse house;
    auto joined = std::make_unique<Joined>(house.request(exec_path));
    auto command = house.wait_started();
    // The reader of its output leaves: the client has nobody to give it to.
    joined->output.first.reset();
    write_text(command.output, "for nobody");
    CHECK(read_all(command.control).empty());
    CHECK(read_all(command.input).empty());
    CHECK(joined->wait().end.last_word.empty());
}

TEST_CASE("a command that vanished without a word is told as an error")
{
    AttachHouse house;
    Joined joined(house.request(exec_path));
    auto command = house.wait_started();
    command.control.reset();
    const auto said = must(parse_json(joined.wait().end.last_word));
    CHECK(get_string(get_member(said, "error"), "kind") == "unavailable");
}

TEST_CASE("a token that is revoked ends its connections within five seconds")
{
    AttachHouse house;
    const auto token = house.token({.name = "dora", .role = app::Role::deployer});
    Joined joined(house.request(exec_path, token));
    auto command = house.wait_started();
    for (const auto& known : must(app::list_tokens(*house.house.app, house.house.admin)))
        if (known.name == "dora") must(app::revoke_token(*house.house.app, house.house.admin, known.id));
    REQUIRE(joined.outcome.wait_for(std::chrono::seconds(5)) == std::future_status::ready);
    CHECK(read_all(command.control).empty());
}

TEST_CASE("a connection to a database goes to where the environment reaches it")
{
    AttachHouse house;
    Joined joined(house.request(forward_path));
    std::vector<fakes::HouseAttacher::Connected> connected;
    house.house.until([&] { return !(connected = house.house.attacher.take_connected()).empty(); });
    CHECK(connected.front().address == house.house.view("staging").databases.front().address);
    write_text(connected.front().socket, "answer");
    write_text(joined.input.second, "question");
    joined.input.second.reset();
    CHECK(read_all(connected.front().socket) == "question");
    connected.front().socket.reset();
    CHECK(read_all(joined.output.first) == "answer");
    CHECK(joined.wait().end.last_word == "{}");
}

TEST_CASE("without an upgrade the address says whether it could, and opens nothing")
{
    AttachHouse house;
    const auto viewer = house.token({.name = "vera", .role = app::Role::viewer});
    struct Case {
        std::string path, token;
        int status;
    };
    const Case cases[] = {
        {exec_path, "", 426},
        {forward_path, "", 426},
        {"/api/v1/environments/staging/services/web/port-forward", "", 426},
        {exec_path, "none", 401},
        {exec_path, viewer, 403},
        {forward_path, viewer, 403},
        {"/api/v1/environments/pr-9/services/api/exec", "", 404},
        {"/api/v1/environments/staging/services/none/exec", "", 404},
        {"/api/v1/environments/staging/databases/none/port-forward", "", 404},
        {"/api/v1/environments/staging/services/db/port-forward", "", 404},
    };
    for (const auto& [path, token, status] : cases) {
        CAPTURE(path);
        const auto response = house.call("GET", path, {.token = token});
        CHECK(response.status == status);
        CHECK(response.headers.get("Upgrade") == (status == 426 ? "websocket" : ""));
        CHECK(house.call("HEAD", path, {.token = token}).status == status);
    }
    CHECK(house.house.attacher.take_started().empty());
    CHECK(house.house.attacher.take_connected().empty());
}

TEST_CASE("an upgrade is refused like every other request, before anything is opened")
{
    AttachHouse house;
    const auto viewer = house.token({.name = "vera", .role = app::Role::viewer});
    struct Case {
        std::string story, name, value, token;
        int status;
    };
    const std::string own = fmt::format("http://127.0.0.1:{}", house.server->port());
    const Case cases[] = {
        {"no such token", "X-A", "b", "none", 401},
        {"too small a role", "X-A", "b", viewer, 403},
        {"a page of somebody else's", "Origin", "http://evil.example", "", 403},
        {"a page that is a file", "Origin", "null", "", 403},
        {"no command", "Ramet-Command", "", "", 422},
        {"a command that is no list", "Ramet-Command", "%22env%22", "", 422},
        {"an empty list", "Ramet-Command", "%5B%5D", "", 422},
        {"a number in the list", "Ramet-Command", "%5B1%5D", "", 422},
        {"a zero byte", "Ramet-Command", "%5B%22a%5Cu0000%22%5D", "", 422},
        {"an empty name", "Ramet-Command", "%5B%22%22%5D", "", 422},
        {"a program that is not there", "Ramet-Command", "%5B%22missing%22%5D", "", 422},
    };
    for (const auto& [story, name, value, token, status] : cases) {
        CAPTURE(story);
        auto request = house.request(exec_path, token);
        request.headers.set(name, value);
        const auto outcome = must(net::join_web_socket(request, {}));
        CHECK(outcome.status == status);
        CHECK(get_int(must(parse_json(outcome.body)), "status") == status);
    }
    CHECK(house.house.attacher.take_started().empty());
    auto request = house.request(exec_path);
    request.headers.set("Origin", own);
    Joined joined(request);
    house.wait_started();
    CHECK(joined.wait().status == 101);
}

}  // namespace ramet::api
