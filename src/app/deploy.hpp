#pragma once

#include "app/context.hpp"
#include "clone/desired.hpp"

#include <map>
#include <set>
#include <string>

namespace ramet::app {

/// What a deployment came to.
struct Deployed {
    enum class Outcome : std::uint8_t {
        started,    ///< `run` is under way
        unchanged,  ///< what is wanted has been submitted already
        queued,     ///< held back by a limit; `reason` says by which
        waiting,    ///< for a golden copy, which is being made
        refused,    ///< the environment's row says why
    } outcome = Outcome::unchanged;
    std::string run{};
    std::string reason{};
};

struct DeployOptions {
    /// Submits also when nothing changed.
    enum class When : std::uint8_t { changed, always } when = When::changed;
    /// Databases that get new data; "*" stands for all.
    std::set<std::string> reset{};
    /// Databases that get the data of a snapshot of their own.
    std::map<std::string, DataSnapshot> restore{};
    /// Services that are started anew although nothing about them changed.
    std::set<std::string> restart{};
    /// Replicas that a person asked for, by service; kept until the next deployment that says otherwise.
    std::map<std::string, int> scale{};
    std::string asked_by{};
};

/// Brings an environment to what its row asks for (commit, branch, pull request): resolves, guards, admits, renders, submits.
/// What cannot be (a file with faults, a missing secret, the reach rule) is written into the row and reported; it is an error of
/// this call only when nothing could be decided: the repository or the store does not answer.
/// The caller holds the environment's turn (`environment_key`).
Result<Deployed> deploy_environment(App& app, const EnvironmentId& id, const DeployOptions& options);

/// Whether a pull request that is still open gets a new preview after the end of this one.
enum class Again : std::uint8_t {
    as_wanted,
    for_newer_commit,  ///< a person or the clock ended it: the commit that it was made of gets no other
};

/// Ends an environment: before-delete jobs, then everything it holds. Returns the run.
Result<std::string> destroy_environment(App& app, const EnvironmentId& id, const std::string& asked_by,
                                        Again again = Again::as_wanted);

/// After a run has ended, and whenever somebody wants to be sure: takes the outcome over into the row, reports, and deploys what
/// has been asked for meanwhile.
Result<void> settle_environment(App& app, const EnvironmentId& id);

engine::OwnerId owner_of(const EnvironmentId& id);

}  // namespace ramet::app
