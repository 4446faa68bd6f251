#pragma once

#include "domain/environment.hpp"
#include "domain/project_file.hpp"
#include "domain/pull_request.hpp"
#include "engine/run_store.hpp"
#include "simulation/checker.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ramet::simulation {

/// Knows what happened to the pull requests, what the Git host said of them and which runs were accepted, and says when they
/// break a promise. It decides by itself what wants a preview, and shares no code with the product's decisions.
class HostChecker {
public:
    explicit HostChecker(Checker& checker) : checker_(checker) {}

    PreviewPolicy policy;

    void on_pull_request(Milliseconds at, const PullRequest& now);
    /// What one server was told.
    void on_answer(int process, std::int64_t number, const Result<PullRequest>& answer);
    /// A person asks for the end of the preview: of this commit none is made again, until the pull request was away.
    void on_ended_by_hand(Milliseconds at, std::int64_t number);
    void on_accepted(Milliseconds at, int process, const engine::Batch& batch);
    /// A row is to ask for a commit; `had` it asked for before, `submitted` was given to the engine last.
    void on_taken(std::int64_t number, const CommitSha& commit, const CommitSha& had, const CommitSha& submitted);

    /// The row of a preview says from now on how its newest run ended.
    void on_told(std::int64_t number, const Environment& row);

    /// After one look at everything in fair weather: each pull request that wants a preview has one at its newest head, each
    /// other has nothing. Answers the pull requests whose newest run failed at their head: only a push mends those.
    std::vector<std::int64_t> check_settled(const std::map<std::int64_t, EnvironmentState>& rows);

    std::int64_t applied(std::int64_t number) const;
    /// That was accepted last; empty when none was.
    engine::EngineRunId newest_run(std::int64_t number) const;
    /// When the run of this commit left the queue.
    std::optional<Milliseconds> begun_at(std::int64_t number, const CommitSha& commit) const;

private:
    struct Version {
        Milliseconds at;
        PullRequest pull;
    };
    struct Run {
        engine::EngineRunId id;
        engine::OwnerId owner;
        engine::RunKind kind;
        CommitSha commit;
        std::optional<Milliseconds> begun_at{};
    };
    struct Known {
        std::vector<Version> history{};
        std::vector<Run> runs{};
        std::set<CommitSha> told{};                  ///< heads of answers
        std::map<int, Result<PullRequest>> last{};   ///< answer, by server
        std::optional<Milliseconds> asked_to_end{};  ///< by a person
        std::optional<Milliseconds> ended_at{};      ///< when such a removal was accepted
        CommitSha ended_head{};
    };

    bool is_wanted(const PullRequest& pull) const;
    bool is_kept(const PullRequest& pull) const;
    static bool was_since(const Known& known, Milliseconds since, const std::function<bool(const PullRequest&)>& how);
    bool was_unwanted_since(const Known& known, Milliseconds since) const;
    void check_apply(std::int64_t number, const Run& run, bool is_by_hand);
    void check_destroy(Milliseconds at, int process, std::int64_t number);
    void note_begins(Milliseconds at, const engine::Batch& batch);
    bool is_ended(const Known& known) const;
    bool came_back(const Known& known, const CommitSha& commit) const;
    bool has_failed(const Known& known) const;
    void check_present(std::int64_t number, const Known& known, std::optional<EnvironmentState> row);
    void check_absent(std::int64_t number, const Known& known, std::optional<EnvironmentState> row);

    Checker& checker_;
    std::map<std::int64_t, Known> pulls_;
};

}  // namespace ramet::simulation
