#include "targets/local/shim_client.hpp"

#include "base/hash.hpp"
#include "base/subprocess.hpp"
#include "base/text.hpp"
#include "shim/message.hpp"
#include "targets/local/processes.hpp"
#include "targets/local/shim_connection.hpp"
#include "targets/local/shim_messages.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ramet::targets::local {
namespace {

using shim::Message;

constexpr int exit_port_taken = 3;

/// The reply; nothing when no shim listens there.
Result<std::optional<Message>> ask_once(const Path& directory, const Message& request)
{
    const auto fd = TRY(connect_to_shim(directory));
    if (!fd) return std::nullopt;
    TRY(send_message(fd, request, {directory}));
    auto reply = TRY(receive_message(fd, directory));
    if (reply.has("error"))
        return fail(ErrorKind::internal, "the shim of {} refused: {}", directory.string(), reply.get("error"));
    return reply;
}

/// The same. One that ends just now is asked again, and then is not there. Requests may be repeated.
Result<std::optional<Message>> ask(const Path& directory, const Message& request)
{
    auto reply = ask_once(directory, request);
    if (!reply && reply.error().kind == ErrorKind::unavailable) reply = ask_once(directory, request);
    return reply;
}

Message request_of(std::string_view name)
{
    Message request;
    request.add("request", name);
    return request;
}

Result<void> tell(const Path& directory, const Message& request)
{
    const auto reply = TRY(ask(directory, request));
    if (reply) return {};
    Error error{ErrorKind::not_found, fmt::format("no shim listens in {}", directory.string())};
    error.next_step = "ramet apply, which starts it again";
    return std::unexpected(std::move(error));
}

Result<void> end_with(const Path& directory, std::string_view name, const StopOptions& options)
{
    auto request = request_of(name);
    request.add("signal", options.signal);
    request.add("grace_ms", options.grace.count());
    TRY(ask(directory, request));
    return {};
}

/// Of one that does not answer. What ends holds its lock for another moment; what holds it for longer lives.
Result<bool> has_ended(const Path& directory)
{
    constexpr int moments = 200;
    for (int waited = 0; waited < moments; ++waited) {
        const Fd lock(::open((directory / "lock").c_str(), O_RDONLY | O_CLOEXEC));
        if (!lock && (errno == ENOENT || errno == ENOTDIR)) return true;
        if (!lock) return std::unexpected(os_error("opening", directory / "lock"));
        if (::flock(lock.get(), LOCK_SH | LOCK_NB) == 0) return true;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return std::unexpected(os_error("looking at the lock", directory / "lock"));
        ::usleep(1'000);
    }
    return false;
}

Error start_error(const ShimStart& start, const CommandOutput& output)
{
    Error error{ErrorKind::unavailable, fmt::format("starting the shim of {}", start.label),
                last_lines(output.standard_error)};
    if (output.exit_code != exit_port_taken) return error;
    error.kind = ErrorKind::conflict;
    error.message =
        fmt::format("starting the shim of {}: port {} is taken by another program", start.label, start.port);
    error.next_step = fmt::format("ss -ltnp 'sport = :{}' shows by which", start.port);
    return error;
}

Result<void> launch(const ShimStart& start)
{
    TRY(ensure_directory(start.directory, 0700));
    auto message = encode_start(start);
    Command command{.arguments = {start.binary.string(), "start", start.label},
                    .standard_input = message.encode(),
                    .timeout = Milliseconds(10'000)};
    const auto output = run_command(command);
    ::explicit_bzero(command.standard_input.data(), command.standard_input.size());
    if (!output) return fail_in(output.error(), "starting the shim of " + start.label);
    if (output->exit_code == 0) return {};
    return std::unexpected(start_error(start, *output));
}

}  // namespace

Result<ShimStatus> ensure_shim(const ShimStart& start)
{
    // One that was told to exit may still hold the lock for a moment: then neither is there a shim nor does a new one start.
    for (int attempt = 0; attempt < 200; ++attempt) {
        const auto there = TRY(find_shim(start.directory));
        if (there && there->nonce != start.nonce)
            return fail(ErrorKind::conflict, "the shim in {} belongs to something else", start.directory.string());
        if (there) return *there;
        if (const auto status = launch(start); !status) return std::unexpected(status.error());
        // A task may be over before it can be asked.
        if (start.program && start.program->mode == ShimMode::task) {
            ShimStatus status;
            status.nonce = start.nonce;
            return status;
        }
        if (const auto now = TRY(find_shim(start.directory)); now) continue;
        ::usleep(5'000);
    }
    return fail(ErrorKind::unavailable, "the shim of {} does not start", start.label);
}

Result<std::optional<ShimStatus>> find_shim(const Path& directory)
{
    auto reply = ask(directory, request_of("status"));
    if (!reply && reply.error().kind == ErrorKind::unavailable) {
        if (TRY(has_ended(directory))) return std::nullopt;
        reply = ask(directory, request_of("status"));
    }
    if (!reply) return std::unexpected(reply.error());
    if (!*reply) return std::nullopt;
    return decode_status(**reply);
}

Result<void> deploy(const Path& directory, const ShimProgram& program)
{
    auto request = request_of("deploy");
    add_program(request, program);
    return tell(directory, request);
}

Result<void> signal_program(const Path& directory, int signal)
{
    auto request = request_of("signal");
    request.add("signal", signal);
    return tell(directory, request);
}

Result<void> stop_program(const Path& directory, const StopOptions& options)
{
    return end_with(directory, "stop", options);
}

Result<void> stop_shim(const Path& directory, const StopOptions& options)
{
    return end_with(directory, "exit", options);
}

Result<void> sweep_shim(const Path& directory)
{
    if (const auto there = TRY(find_shim(directory)); there)
        return fail(ErrorKind::conflict, "the shim of {} still runs", directory.string());
    const auto group = read_file(directory / "group", 4096);
    if (!group && group.error().kind == ErrorKind::not_found) return {};
    TRY(group);
    TRY(end_control_group(std::string(trim(*group))));
    return remove_tree(directory / "group");
}

Result<std::optional<TaskResult>> find_task_result(const Path& directory)
{
    const auto text = read_file(directory / "result", 1U << 20U);
    if (!text && text.error().kind == ErrorKind::not_found) return std::nullopt;
    const auto message = Message::decode(TRY(text));
    if (!message) return fail(ErrorKind::integrity, "{} is not a task's result", (directory / "result").string());
    TaskResult result;
    result.exit_code = static_cast<int>(message->number("exit_code"));
    result.timed_out = message->number("timed_out") != 0;
    result.stopped = message->number("stopped") != 0;
    result.problem = message->get("problem");
    result.version = message->get("version");
    return result;
}

Path log_path(const Path& directory)
{
    return directory / "logs" / "current.log";
}

std::string last_log_lines(const Path& directory, std::size_t lines)
{
    const auto tail = read_tail(log_path(directory), 64U << 10U);
    if (!tail) return {};
    std::vector<std::string> texts;
    for (const auto& line : split(last_lines(*tail, lines), '\n')) {
        const auto time_end = line.find(' ');
        const auto replica_end = time_end == std::string::npos ? time_end : line.find(' ', time_end + 1);
        texts.push_back(replica_end == std::string::npos ? line : line.substr(replica_end + 1));
    }
    return join(texts, "\n");
}

}  // namespace ramet::targets::local
