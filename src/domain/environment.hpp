#pragma once

#include "base/clock.hpp"
#include "domain/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ramet {

enum class EnvironmentOrigin : std::uint8_t { managed, adopted, preview };
enum class Power : std::uint8_t { on, off };

/// As people see it; `needs_human` when an undo got stuck.
enum class EnvironmentState : std::uint8_t {
    awaiting_approval,
    queued,
    creating,
    updating,
    ready,
    degraded,
    failed,
    sleeping,
    waking,
    deleting,
    needs_human
};

/// One environment's durable row. `desired` and `observed` generations differ while a run is under way or has failed.
struct Environment {
    EnvironmentId id;
    ProjectId project;
    std::string name;  ///< unique among the living environments of a project
    EnvironmentOrigin origin = EnvironmentOrigin::managed;
    bool is_protected = false;
    EnvironmentId base{};  ///< previews only
    std::string trusted_branch{};
    std::string target{};  ///< name of a declared target
    std::int64_t desired_generation = 0;
    std::int64_t observed_generation = 0;
    Power power = Power::on;
    EnvironmentState state = EnvironmentState::creating;
    std::string reason{};  ///< why it is failed, degraded, queued: one sentence for people
    CommitSha commit{};    ///< what the newest generation deploys
    std::string branch{};
    std::int64_t pull_request = 0;  ///< 0: made by hand, or a base
    std::string created_by{};
    Time created_at{};
    Time updated_at{};
    std::optional<Time> expires_at{};
    bool is_pinned = false;
    RunId last_run{};

    friend bool operator==(const Environment&, const Environment&) = default;
};

/// A base of the file that nobody has brought up yet: it has no commit to run. One that was refused has been asked for.
bool is_only_registered(const Environment& environment);

std::string_view to_string(EnvironmentState state);
EnvironmentState parse_environment_state(std::string_view word);
std::string_view to_string(EnvironmentOrigin origin);
EnvironmentOrigin parse_environment_origin(std::string_view word);

/// A host name label for a public service: at most 63 characters, lower case; longer ones are cut and told apart by a hash.
std::string public_label(std::string_view text);
/// Names of previews made by hand come from their branch.
std::string preview_name_of_branch(std::string_view branch);

}  // namespace ramet
