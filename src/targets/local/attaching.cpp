#include "targets/local/attaching.hpp"

#include "base/pipe.hpp"
#include "targets/local/shim_connection.hpp"
#include "targets/local/shim_driver.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace ramet::targets::local {
namespace {

constexpr int connect_limit_ms = 5'000;

const engine::ResourceView* find_service(std::span<const engine::ResourceView> resources, const std::string& name)
{
    for (const auto& resource : resources)
        if (resource.phase == engine::Phase::live && resource.ref.kind == "local.service" &&
            resource.ref.path == "service/" + name)
            return &resource;
    return nullptr;
}

/// The shim's words, for people.
Error refusal_of(const CommandRequest& request, const std::string& words)
{
    if (words == "nothing runs here")
        return {ErrorKind::conflict, fmt::format("the service {} does not run at the moment", request.service)};
    if (words == "no such request")
        return {ErrorKind::conflict,
                fmt::format("the service {} was started by an earlier Ramet, which cannot run commands beside it",
                            request.service),
                {},
                "delete the environment and make it again"};
    return {ErrorKind::invalid, fmt::format("{} cannot be run beside {}", request.arguments.front(), request.service),
            words, "see what is there with: ls, or give the program's whole path"};
}

bool wait_until_connected(const Fd& fd)
{
    pollfd writable{fd.get(), POLLOUT, 0};
    while (::poll(&writable, 1, connect_limit_ms) < 0 && errno == EINTR) {}
    int problem = 0;
    socklen_t size = sizeof problem;
    if (writable.revents == 0) problem = ETIMEDOUT;
    if (problem == 0) ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
    errno = problem;
    return problem == 0;
}

}  // namespace

Result<RunningCommand> LocalAttacher::start_command(std::span<const engine::ResourceView> resources,
                                                    const CommandRequest& request)
{
    const auto* service = find_service(resources, request.service);
    if (service == nullptr)
        return fail(ErrorKind::conflict, "the service {} does not run at the moment", request.service);
    auto input = TRY(make_pipe());
    auto output = TRY(make_pipe());
    auto error = TRY(make_pipe());
    shim::Message message;
    message.add("request", "exec");
    for (const auto& argument : request.arguments) message.add("argument", argument);
    const auto directory =
        service_shim_directory(machine_.root, service->ref.mark.owner.str(), std::string(last_part(service->ref.path)));
    auto connection = TRY(connect_to_shim(directory));
    if (!connection) return fail(ErrorKind::conflict, "the service {} does not run at the moment", request.service);
    const std::array given{input.read.get(), output.write.get(), error.write.get()};
    TRY(send_message(connection, message, {directory, given}));
    const auto reply = TRY(receive_one_message(connection, directory));
    if (reply.has("error")) return std::unexpected(refusal_of(request, std::string(reply.get("error"))));
    return RunningCommand{std::move(input.write), std::move(output.read), std::move(error.read), std::move(connection)};
}

std::optional<CommandEnding> LocalAttacher::read_ending(std::string_view said) const
{
    const auto message = shim::Message::decode(said);
    if (!message || !message->has("exit_code")) return std::nullopt;
    return CommandEnding{static_cast<int>(message->number("exit_code")), std::string(message->get("ending")),
                         message->number("stopped") != 0};
}

Result<Fd> LocalAttacher::connect(std::span<const engine::ResourceView>, const ConnectionRequest& request)
{
    const auto& address = request.address;
    if (address.empty()) return fail(ErrorKind::conflict, "{} does not run at the moment", request.part);
    const auto colon = address.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string::npos) std::from_chars(address.data() + colon + 1, address.data() + address.size(), port);
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_port = htons(port);
    if (port == 0 || ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &place.sin_addr) != 1)
        return fail(ErrorKind::internal, "\"{}\" is not an address of this machine", address);
    Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd) return fail(ErrorKind::unavailable, "no socket can be made: {}", std::strerror(errno));
    const bool is_there = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&place), sizeof place) == 0;
    if (!is_there && (errno != EINPROGRESS || !wait_until_connected(fd)))
        return fail(ErrorKind::unavailable, "connecting to {}: {}", address, std::strerror(errno));
    const int yes = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

}  // namespace ramet::targets::local
