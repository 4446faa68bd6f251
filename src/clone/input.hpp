#pragma once

#include "clone/desired.hpp"
#include "variables/input.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ramet::clone {

/// What is deployed: a commit of a branch, for a pull request or not.
struct Revision {
    CommitSha commit{};
    std::string branch{};
    std::string repository_url{};
    std::optional<variables::PullRequestFacts> pull_request{};
};

/// What the store knows beside the file. All of it already limited to what can concern this environment.
struct StoredValues {
    std::vector<variables::Candidate> variables{};
    std::vector<variables::SecretCandidate> secrets{};
    std::map<std::string, Segment> generated{};          ///< by the declaration's path
    std::map<std::string, SecretReference> passwords{};  ///< by database: made for this environment
};

/// An instance of the base that a preview uses as it is.
struct SharedInstance {
    std::string host{};
    std::string port{};
    std::string public_url{};
    SecretReference password{};  ///< databases: the base's
};

/// Hash of the Git trees that each service or job is built from (its context and its `paths`), by name.
using TreeHashes = std::map<std::string, std::string>;

enum class Placement : std::uint8_t { as_declared, here };

/// What both kinds of environments need.
struct Surroundings {
    EnvironmentId id{};
    ProjectId project{};
    std::int64_t generation = 0;
    Power power = Power::on;
    Placement placement = Placement::as_declared;  ///< here: `--target here`
    PublicAddress public_address{};                ///< of this machine's proxy
    std::set<std::string> taken_hosts{};           ///< public hosts that other projects hold
    StoredValues stored{};
};

/// The input of `clone_for_preview`.
struct CloneInput {
    ProjectFile
        trusted{};  ///< from the trusted branch: decides everything that config.md's rule 5 does not give to the pull request
    ProjectFile proposed{};  ///< from the preview's commit
    Environment base{};
    std::string name{};  ///< of the preview; empty: by the pattern of the file, or after the branch
    Revision revision{};
    CommitSha base_commit{};
    TreeHashes base_trees{};
    TreeHashes preview_trees{};
    variables::SecretAccess secrets_access = variables::SecretAccess::allowed;
    std::map<std::string, SharedInstance> shared{};       ///< by service or database that is shared
    std::map<std::string, std::string> without_golden{};  ///< databases of which no golden copy can be had, and why
    Surroundings around{};
};

/// The input of `desired_of_base`.
struct BaseInput {
    ProjectFile file{};
    std::string environment{};  ///< name of a declared, managed environment
    Revision revision{};
    TreeHashes trees{};
    Surroundings around{};
};

}  // namespace ramet::clone
