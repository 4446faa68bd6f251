#include "shim/program.hpp"

#include <algorithm>

namespace ramet::shim {
namespace {

template <typename Enum>
struct Word {
    std::string_view word;
    Enum value;
};

template <typename Enum, std::size_t size>
Enum choose(std::string_view word, const Word<Enum> (&words)[size])
{
    for (const auto& candidate : words)
        if (candidate.word == word) return candidate.value;
    return words[0].value;
}

/// "source:place", where neither may hold a colon; Ramet makes the names of both.
std::vector<Cover> read_covers(const std::vector<std::string>& texts)
{
    std::vector<Cover> covers;
    for (const auto& text : texts) {
        const auto colon = text.rfind(':');
        if (colon != std::string::npos) covers.push_back({text.substr(0, colon), text.substr(colon + 1)});
    }
    return covers;
}

Sandbox read_sandbox(const Message& message)
{
    Sandbox sandbox;
    sandbox.uid = static_cast<unsigned>(message.number("uid"));
    sandbox.gid = static_cast<unsigned>(message.number("gid"));
    sandbox.hidden = message.get("hidden");
    sandbox.read_only = message.all("read_only");
    sandbox.writable = message.all("writable");
    sandbox.covers = read_covers(message.all("cover"));
    return sandbox;
}

}  // namespace

Program read_program(const Message& message)
{
    Program program;
    program.version = message.get("version");
    program.nonce = message.get("program_nonce");
    program.mode = choose<Mode>(message.get("mode"),
                                {{"service", Mode::service}, {"supervise", Mode::supervise}, {"task", Mode::task}});
    program.arguments = message.all("argument");
    program.directory = message.get("directory");
    program.environment = message.all("environment");
    program.port = static_cast<int>(message.number("program_port"));
    program.replicas = std::clamp(static_cast<int>(message.number("replicas", 1)), 1, 64);
    program.strategy =
        choose<Strategy>(message.get("strategy"), {{"rolling", Strategy::rolling}, {"recreate", Strategy::recreate}});
    program.health = choose<HealthKind>(message.get("health"), {{"none", HealthKind::none},
                                                                {"tcp", HealthKind::tcp},
                                                                {"http", HealthKind::http},
                                                                {"command", HealthKind::command}});
    program.health_path = message.get("health_path");
    program.health_arguments = message.all("health_argument");
    program.health_timeout_ms = message.number("health_timeout_ms", 60'000);
    program.stop_signal = static_cast<int>(message.number("stop_signal", 15));
    program.grace_ms = message.number("grace_ms", 10'000);
    program.drain_ms = message.number("drain_ms", 10'000);
    program.time_limit_ms = message.number("time_limit_ms");
    program.sandbox = read_sandbox(message);
    return program;
}

bool is_runnable(const Program& program)
{
    return !program.version.empty() && !program.arguments.empty() && !program.arguments.front().empty();
}

}  // namespace ramet::shim
