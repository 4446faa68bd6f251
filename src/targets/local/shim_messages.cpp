#include "targets/local/shim_messages.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

#include <array>
#include <charconv>

namespace ramet::targets::local {
namespace {

using shim::Message;

constexpr std::array<std::string_view, 9> state_words = {"idle",     "starting", "healthy", "unhealthy", "restarting",
                                                         "stopping", "stopped",  "failed",  "crash_loop"};
constexpr std::array<std::string_view, 3> mode_words = {"service", "supervise", "task"};
constexpr std::array<std::string_view, 4> health_words = {"none", "tcp", "http", "command"};

template <typename Enum, std::size_t size>
std::string_view word_of(const std::array<std::string_view, size>& words, Enum value)
{
    return words[static_cast<std::size_t>(value)];
}

ShimState parse_state(std::string_view word)
{
    for (std::size_t at = 0; at < state_words.size(); ++at)
        if (state_words[at] == word) return static_cast<ShimState>(at);
    return ShimState::failed;  // A word of a newer shim: better shown as a problem than as health.
}

int parse_int(std::string_view text)
{
    int value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// "INDEX PID PORT STATE RESTARTS VERSION"
ShimReplica decode_replica(const std::string& text)
{
    auto words = split(text, ' ');
    words.resize(6);
    return {parse_int(words[0]),   words[5],           parse_int(words[1]), parse_int(words[2]),
            parse_state(words[3]), parse_int(words[4])};
}

void add_sandbox(Message& message, const ShimSandbox& sandbox)
{
    message.add("uid", sandbox.uid);
    message.add("gid", sandbox.gid);
    message.add("hidden", sandbox.hidden.string());
    for (const auto& path : sandbox.read_only) message.add("read_only", path.string());
    for (const auto& path : sandbox.writable) message.add("writable", path.string());
    // Directories first: a file's place may lie beneath one of them.
    for (const auto& [place, source] : sandbox.directories_over)
        message.add("cover", source.string() + ":" + place.string());
    for (const auto& [place, source] : sandbox.files_over) message.add("cover", source.string() + ":" + place.string());
}

void add_health(Message& message, const ShimHealth& health)
{
    message.add("health", word_of(health_words, health.kind));
    message.add("health_path", health.path);
    for (const auto& argument : health.arguments) message.add("health_argument", argument);
    message.add("health_timeout_ms", health.timeout.count());
}

}  // namespace

Message encode_start(const ShimStart& start)
{
    Message message;
    message.add("shim_directory", start.directory.string());
    message.add("nonce", start.nonce);
    message.add("port", start.port);
    message.add("group", short_hash({start.directory.string()}));
    if (start.program) add_program(message, *start.program);
    return message;
}

void add_program(Message& message, const ShimProgram& program)
{
    message.add("version", program.version);
    message.add("program_nonce", program.nonce);
    message.add("mode", word_of(mode_words, program.mode));
    for (const auto& argument : program.arguments) message.add("argument", argument);
    message.add("directory", program.directory.string());
    for (const auto& [name, value] : program.environment) message.add("environment", name + "=" + value);
    message.add("program_port", program.port);
    message.add("replicas", program.replicas);
    message.add("strategy", program.strategy == ShimStrategy::recreate ? "recreate" : "rolling");
    add_health(message, program.health);
    message.add("stop_signal", program.stop_signal);
    message.add("grace_ms", program.grace.count());
    message.add("drain_ms", program.drain.count());
    message.add("time_limit_ms", program.time_limit.count());
    add_sandbox(message, program.sandbox);
}

ShimStatus decode_status(const Message& reply)
{
    ShimStatus status;
    status.pid = static_cast<int>(reply.number("pid"));
    status.identity = reply.get("identity");
    status.nonce = reply.get("nonce");
    status.port = static_cast<int>(reply.number("port"));
    status.state = parse_state(reply.get("state"));
    status.version = reply.get("version");
    status.program_nonce = reply.get("program_nonce");
    status.incoming = reply.get("incoming");
    status.failed_version = reply.get("failed_version");
    status.failure = reply.get("failure");
    status.evidence = reply.get("evidence");
    for (const auto& text : reply.all("replica")) status.replicas.push_back(decode_replica(text));
    for (const auto& replica : status.replicas)
        status.restarts += replica.version == status.version ? replica.restarts : 0;
    return status;
}

std::string_view to_string(ShimState state)
{
    return word_of(state_words, state);
}

}  // namespace ramet::targets::local
