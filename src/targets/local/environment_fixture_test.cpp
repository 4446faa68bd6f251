#include "targets/local/environment_fixture.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace ramet::targets::local {

bool HttpClient::connect()
{
    fd_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval limit{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

std::optional<std::string> HttpClient::get(std::string_view path)
{
    if (!fd_ && !connect()) return std::nullopt;
    const auto request = fmt::format("GET {} HTTP/1.1\r\nHost: test\r\n\r\n", path);
    std::string answer;
    char buffer[4096];
    if (::send(fd_.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        return std::nullopt;
    for (;;) {
        const auto head = answer.find("\r\n\r\n");
        const auto length = answer.find("Content-Length: ");
        if (head != std::string::npos && length != std::string::npos &&
            answer.size() >= head + 4 + std::strtoul(answer.c_str() + length + 16, nullptr, 10))
            return answer.substr(head + 4);
        const auto count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
        if (count <= 0) {
            fd_.reset();
            return std::nullopt;
        }
        answer.append(buffer, static_cast<std::size_t>(count));
    }
}

EnvironmentFixture::EnvironmentFixture() : home(local.resource("local.home", "home"))
{
    const auto up = bring_up(homes, home);
    REQUIRE_MESSAGE(up.has_value(), text_of(up));
}

EnvironmentFixture::~EnvironmentFixture()
{
    const auto down = take_down(homes, home);
    CHECK_MESSAGE(down.has_value(), text_of(down));
    CHECK_FALSE(std::filesystem::exists(local.root() / "environments" / local.environment));
}

unsigned EnvironmentFixture::service_uid() const
{
    return static_cast<unsigned>(std::strtoul(home.outputs.at("service_uid").c_str(), nullptr, 10));
}

unsigned EnvironmentFixture::database_uid() const
{
    return static_cast<unsigned>(std::strtoul(home.outputs.at("database_uid").c_str(), nullptr, 10));
}

engine::ResourceRef EnvironmentFixture::address(const std::string& service)
{
    auto resource = local.resource("local.shim", "address/" + service);
    const auto up = bring_up(shims, resource);
    REQUIRE_MESSAGE(up.has_value(), text_of(up));
    return resource;
}

engine::ResourceRef EnvironmentFixture::service(const std::string& name, Json run, json::object more)
{
    json::object spec{{"service", name}, {"run", std::move(run)}, {"uid", home.outputs.at("service_uid")}};
    for (const auto& [key, value] : more) spec[key] = value;
    return local.resource("local.service", "service/" + name, std::move(spec));
}

int EnvironmentFixture::port_of(const engine::ResourceRef& address) const
{
    return std::atoi(address.outputs.at("port").c_str());
}

ShimStatus EnvironmentFixture::status_of(const std::string& name) const
{
    const auto status = find_shim(shim_of(name));
    REQUIRE(status.has_value());
    REQUIRE(status->has_value());
    return **status;
}

Json python_run()
{
    return json::array{"/usr/bin/python3", "-c", python_server};
}

int count_processes(std::string_view text)
{
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        const int pid = std::atoi(entry.path().filename().c_str());
        if (pid <= 0 || pid == ::getpid()) continue;
        const auto command = read_file(entry.path() / "cmdline", 1U << 20U);
        if (command && command->contains(text) && !identity_of_process(pid).value().empty()) ++count;
    }
    return count;
}

}  // namespace ramet::targets::local
