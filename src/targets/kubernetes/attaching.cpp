#include "targets/kubernetes/attaching.hpp"

#include "base/pipe.hpp"
#include "net/url.hpp"
#include "targets/kubernetes/objects.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view command_protocol = "v5.channel.k8s.io";
/// The newer one of forwarded ports is SPDY within a WebSocket.
constexpr std::string_view forward_protocol = "v4.channel.k8s.io";
constexpr std::uint8_t data = 0;
constexpr std::uint8_t forward_error = 1;
/// Each channel of a forwarded port begins with the port's number.
constexpr std::size_t port_size = 2;
constexpr int unknown_code = 126;

struct Place {
    std::string context;
    std::string space;
    const engine::ResourceView& resource;
};

Result<Place> find_place(std::span<const engine::ResourceView> resources, const std::string& path)
{
    for (const auto& resource : resources)
        if (resource.phase == engine::Phase::live && resource.ref.path == path)
            return Place{get_string(resource.ref.spec, "cluster"), get_string(resource.ref.spec, "namespace"),
                         resource};
    return fail(ErrorKind::conflict, "{} does not run at the moment", path);
}

bool is_ready(const Json& pod)
{
    const auto* containers = get_member(get_member(pod, "status"), "containerStatuses").if_array();
    const bool is_going = !get_string(get_member(pod, "metadata"), "deletionTimestamp").empty();
    return !is_going && containers && !containers->empty() &&
           std::ranges::all_of(*containers, [](const Json& container) { return get_bool(container, "ready"); });
}

bool runs(const Json& pod)
{
    return get_string(get_member(pod, "status"), "phase") == "Running";
}

/// Of the pods of a part one that is ready, or else one that runs.
Result<std::string> find_pod(const Cluster& cluster, const std::string& space, const std::string& part)
{
    const auto pods = TRY(cluster.pods().find_all(space, part_label, part));
    auto found = std::ranges::find_if(pods, [](const auto& pod) { return is_ready(*pod); });
    if (found == pods.end()) found = std::ranges::find_if(pods, [](const auto& pod) { return runs(*pod); });
    if (found == pods.end()) return fail(ErrorKind::conflict, "no pod of {} runs at the moment", part);
    return get_string(get_member(**found, "metadata"), "name");
}

std::string path_of_pod(const std::string& space, const std::string& pod, std::string_view what)
{
    return fmt::format("/api/v1/namespaces/{}/pods/{}/{}", space, pod, what);
}

/// The far end is ours, and does not block.
Result<std::pair<Fd, Fd>> make_sockets()
{
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return fail(ErrorKind::unavailable, "no socket can be made: {}", std::strerror(errno));
    return std::pair{Fd(ends[0]), Fd(ends[1])};
}

Result<Fd> copy_of(const Fd& fd)
{
    Fd copy(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!copy) return fail(ErrorKind::unavailable, "no descriptor is left: {}", std::strerror(errno));
    return copy;
}

/// Words that fit into a socket's buffer; whoever asked may be gone.
void say(const Fd& fd, std::string_view words)
{
    [[maybe_unused]] const auto sent = ::send(fd.get(), words.data(), words.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

int exit_code_of(const Json& status)
{
    if (const auto* causes = get_member(get_member(status, "details"), "causes").if_array())
        for (const auto& cause : *causes) {
            int code = unknown_code;
            const auto text = get_string(cause, "message");
            if (get_string(cause, "reason") != "ExitCode") continue;
            std::from_chars(text.data(), text.data() + text.size(), code);
            return code;
        }
    return unknown_code;
}

Result<int> port_of(std::span<const engine::ResourceView> resources, const std::string& part)
{
    const auto place = TRY(find_place(resources, "address/" + part));
    const auto* ports =
        get_member(get_member(get_member(place.resource.ref.spec, "object"), "spec"), "ports").if_array();
    const auto port = ports && !ports->empty() ? get_int(ports->front(), "targetPort") : 0;
    if (port == 0) return fail(ErrorKind::internal, "the port of {} is not known", part);
    return static_cast<int>(port);
}

}  // namespace

Result<RunningCommand> ClusterAttacher::start_command(std::span<const engine::ResourceView> resources,
                                                      const CommandRequest& request)
{
    const auto place = TRY(find_place(resources, "service/" + request.service));
    auto* cluster = TRY(clusters_.open(place.context));
    const auto pod = TRY(find_pod(*cluster, place.space, request.service));
    auto path = fmt::format("{}?container={}&stdin=true&stdout=true&stderr=true", path_of_pod(place.space, pod, "exec"),
                            request.service);
    for (const auto& argument : request.arguments) path += "&command=" + net::encode_percent(argument);
    auto input = TRY(make_pipe());
    auto output = TRY(make_pipe());
    auto error = TRY(make_pipe());
    auto [near, far] = TRY(make_sockets());
    net::Joint joint;
    joint.sources.push_back({.channel = net::channel::input, .fd = std::move(input.read)});
    joint.sinks.push_back({.channel = net::channel::output, .fd = std::move(output.write)});
    joint.sinks.push_back({.channel = net::channel::error, .fd = std::move(error.write)});
    joint.outcome = TRY(copy_of(far));
    joint.kubernetes = net::KubernetesWords{};
    const auto told = std::make_shared<Fd>(std::move(far));
    TRY(join(*cluster, path, command_protocol, std::move(joint), [told](const Result<net::WebSocketOutcome>& outcome) {
        if (outcome) say(*told, outcome->end.last_word);
        ::shutdown(told->get(), SHUT_RDWR);
    }));
    return RunningCommand{std::move(input.write), std::move(output.read), std::move(error.read), std::move(near)};
}

Result<void> ClusterAttacher::join(Cluster& cluster, const std::string& path, std::string_view protocol,
                                   net::Joint joint, net::WebSocketJoiner::OnEnd on_end)
{
    auto request = TRY(cluster.api().prepare_web_socket(path));
    request.headers.set("Sec-WebSocket-Protocol", protocol);
    const auto answer = TRY(joiner_.start(request, std::move(joint), std::move(on_end)));
    if (answer.status == 101) return {};
    auto refusal = cluster.api().refusal_of(request, answer.status, answer.body);
    // It is Ramet's own account there that may not, and not the person who asks.
    if (refusal.kind == ErrorKind::unauthenticated) refusal.kind = ErrorKind::unavailable;
    if (refusal.kind == ErrorKind::forbidden) refusal.kind = ErrorKind::refused;
    return std::unexpected(std::move(refusal));
}

std::optional<CommandEnding> ClusterAttacher::read_ending(std::string_view said) const
{
    const auto status = parse_json(said);
    if (!status || get_string(*status, "status").empty()) return std::nullopt;
    if (get_string(*status, "status") == "Success") return CommandEnding{.exit_code = 0, .text = "exited with 0"};
    const auto code = exit_code_of(*status);
    if (get_string(*status, "reason") == "NonZeroExitCode")
        return CommandEnding{.exit_code = code, .text = fmt::format("exited with {}", code)};
    return CommandEnding{.exit_code = code,
                         .problem = Error{ErrorKind::invalid, "the command cannot be run there",
                                          get_string(*status, "message"),
                                          "see what is there with: ls, or give the program's whole path"}};
}

Result<Fd> ClusterAttacher::connect(std::span<const engine::ResourceView> resources, const ConnectionRequest& request)
{
    const auto place = TRY(find_place(resources, request.part));
    const auto part = request.part.substr(request.part.find('/') + 1);
    const auto port = TRY(port_of(resources, part));
    auto* cluster = TRY(clusters_.open(place.context));
    const auto pod = TRY(find_pod(*cluster, place.space, part));
    auto [near, far] = TRY(make_sockets());
    net::Joint joint;
    joint.sinks.push_back({.channel = data, .fd = TRY(copy_of(far)), .skipped = port_size});
    joint.sources.push_back({.channel = data, .fd = std::move(far)});
    joint.kubernetes = net::KubernetesWords{.last_word = forward_error, .skipped = port_size, .can_end_input = false};
    TRY(join(*cluster, fmt::format("{}?ports={}", path_of_pod(place.space, pod, "portforward"), port), forward_protocol,
             std::move(joint), {}));
    return std::move(near);
}

}  // namespace ramet::targets::kubernetes
