#pragma once

#include "shim/message.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ramet::shim {

enum class Mode : std::uint8_t { service, supervise, task };
enum class HealthKind : std::uint8_t { none, tcp, http, command };
enum class Strategy : std::uint8_t { rolling, recreate };

/// A source on the machine and the place where the program sees it.
struct Cover {
    std::string source;
    std::string place;
};

struct Sandbox {
    unsigned uid = 0;
    unsigned gid = 0;
    std::string hidden;
    std::vector<std::string> read_only;
    std::vector<std::string> writable;
    std::vector<Cover> covers;  ///< files and directories put over the machine's
};

/// One version of what the shim runs; read from a `deploy` request, whose keys are named like the members.
struct Program {
    std::string version;
    std::string nonce;
    Mode mode = Mode::service;
    std::vector<std::string> arguments;
    std::string directory;
    std::vector<std::string> environment;  ///< "KEY=VALUE"
    int port = 0;
    int replicas = 1;
    Strategy strategy = Strategy::rolling;
    HealthKind health = HealthKind::none;
    std::string health_path;
    std::vector<std::string> health_arguments;
    std::int64_t health_timeout_ms = 60'000;
    int stop_signal = 15;
    std::int64_t grace_ms = 10'000;
    std::int64_t drain_ms = 10'000;
    std::int64_t time_limit_ms = 0;
    Sandbox sandbox;
};

/// An empty `version` or no `argument` makes a program that cannot be run; the caller checks `is_runnable`.
Program read_program(const Message& message);
bool is_runnable(const Program& program);

}  // namespace ramet::shim
