#pragma once

#include "domain/pull_request.hpp"
#include "simulation/host_checker.hpp"
#include "simulation/provider.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ramet::simulation {

/// What the Git host sends when something happened. Only `number` may be used: the rest is how it was then.
struct Webhook {
    std::int64_t delivery = 0;  ///< the same for each time that it comes
    PullRequest then{};
};

/// A Git host with one repository. Its webhooks are lost, late, doubled and reordered, its answers fail or are of the past, as
/// the weather says. People act through its methods.
class GitHost {
public:
    /// How old an answer may be.
    static constexpr Milliseconds most_stale{10'000};

    GitHost(EventQueue& queue, SeededRandom& random, Trace& trace, Provider& provider, HostChecker& checker);

    std::function<void(const Webhook&)> deliver;  ///< where webhooks go

    std::int64_t open(const std::string& target_branch, bool is_fork);
    void push(std::int64_t number);
    /// Back to the commit before the newest one, which is thrown away.
    void force_back(std::int64_t number);
    void set_state(std::int64_t number, PullRequestState state);
    void set_draft(std::int64_t number, bool is_draft);
    void set_label(std::int64_t number, const std::string& label, bool is_set);
    void retarget(std::int64_t number, const std::string& branch);

    const PullRequest& get(std::int64_t number) const { return pulls_.at(number).now; }
    std::vector<std::int64_t> numbers() const;

    // What the server asks, answered at this moment.
    Result<PullRequest> answer(std::int64_t number);
    Result<std::vector<PullRequest>> answer_open();
    /// Whether the commit can be had: `not_found` when it was thrown away.
    Result<void> answer_fetch(std::int64_t number, const CommitSha& commit);

private:
    struct Version {
        Milliseconds at;
        PullRequest pull;
    };
    struct Pull {
        PullRequest now{};
        std::vector<CommitSha> commits{};
        std::vector<Version> history{};
    };

    CommitSha make_commit();
    void change(std::int64_t number, const std::string& what, const std::function<void(PullRequest&)>& how);
    void send(std::int64_t number);
    void deliver_after(Milliseconds delay, const Webhook& webhook);
    void release_held(Milliseconds delay);
    std::optional<PullRequest> seen(const Pull& pull);
    void note(const std::string& line) { trace_.add(queue_.monotonic(), line); }

    EventQueue& queue_;
    SeededRandom& random_;
    Trace& trace_;
    Provider& provider_;
    HostChecker& checker_;
    std::map<std::int64_t, Pull> pulls_;
    std::optional<Webhook> held_;  ///< the one after it comes first
    std::int64_t deliveries_ = 0;
    std::int64_t commits_ = 0;
};

/// Commits have a number here, for stories: "c3".
std::string name_of(const CommitSha& commit);

}  // namespace ramet::simulation
