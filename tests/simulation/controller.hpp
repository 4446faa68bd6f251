#pragma once

#include "app/due_keys.hpp"
#include "app/preview_decision.hpp"
#include "simulation/git_host.hpp"
#include "simulation/preview_rows.hpp"
#include "simulation/process.hpp"
#include "simulation/project.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>

namespace ramet::simulation {

/// What all servers of one life behind a Git host share.
struct HostedWorld {
    EventQueue& queue;
    SeededRandom& random;
    fakes::MemoryRunStore& disk;
    Provider& provider;
    GitHost& host;
    HostChecker& checker;
    PreviewRows& rows;
    const Project& project;
    Trace& trace;
    Milliseconds reconcile_every{15'000};
    bool looks_by_itself = true;  ///< periodically; else only when it starts
    bool is_stormy = false;       ///< runs have little time
};

/// The way from a webhook to a run in one server: what `src/app` does with threads and SQLite, with the events of the simulation
/// and rows in memory. What to do is decided by the product's own functions: which key has its turn (`DueKeys`), what follows
/// from a look at a pull request (`decide_preview`), and from the end of a run (`decide_settling`).
class Controller {
public:
    Controller(HostedWorld& world, Process& process);

    void receive(const Webhook& webhook);
    void look_at_everything() { add("everything"); }
    void end_by_hand(std::int64_t number);
    /// All of it anew, although nothing changed.
    void redeploy_by_hand(std::int64_t number, Milliseconds time_limit);
    /// The engine tells that something changed.
    void follow(const engine::Change& change);
    bool is_of(const Process& process) const { return &process_ == &process; }

private:
    using Done = std::function<void(const Result<void>&)>;
    using Body = std::function<void(const Done&)>;
    static constexpr Milliseconds longest_answer{10'000};
    enum class Again : std::uint8_t { as_wanted, for_newer_commit };
    enum class When : std::uint8_t { changed, always };
    struct DeployOptions {
        When when = When::changed;
        bool is_by_hand = false;
        Milliseconds time_limit{15 * 60'000};
    };

    void add(const std::string& key, Milliseconds delay = Milliseconds{0});
    void wake_at(Milliseconds when);
    void take_turns();
    void work_on(const std::string& key);
    void run(const std::string& key, const Done& done);
    void end(const std::string& key);
    void in_turn(const std::string& key, const Body& body, const Done& done);
    /// Asks somebody far away: his answer is of a moment in between.
    template <typename Answer>
    void ask(std::function<Answer()> question, std::function<void(Answer)> then);

    void reconcile_everything(const Done& done);
    void reconcile_pull_request(std::int64_t number, const Done& done);
    void reconcile_without_preview(std::int64_t number, const Result<PullRequest>& answer, const Done& done);
    void reconcile_with_preview(const EnvironmentId& id, const Result<PullRequest>& answer, const Done& done);
    app::Remembered::Preview remember(const PreviewRows::Preview& preview);
    app::PreviewDecision decide_by_what_is_known(std::int64_t number, const Result<PullRequest>& answer,
                                                 const std::optional<PreviewRows::Preview>& preview);
    bool needs_look(const PullRequest& listed);
    Result<app::PreviewDecision> decide(std::int64_t number, const Result<PullRequest>& answer,
                                        const std::optional<PreviewRows::Preview>& preview);
    void open_preview(const PullRequest& pull, const Done& done);
    Result<void> take_commit(const PreviewRows::Preview& preview, const PullRequest& pull);
    void deploy(const EnvironmentId& id, const DeployOptions& options, const Done& done);
    Result<void> refuse(const Environment& row);
    Result<void> leave_unchanged(const PreviewRows::Preview& preview);
    void submit(const Environment& before, const DeployOptions& options, const Done& done);
    void destroy(const EnvironmentId& id, Again again, const Done& done);
    void settle(const EnvironmentId& id, const Done& done);
    Result<void> bury(const Environment& row);
    Result<void> take_over(const Environment& row, const engine::RunRow& run);
    void hand_over(engine::RunRequest request, engine::ExtraWrite extra, const Done& done);
    void say(const std::string& line) { world_.trace.add(world_.queue.monotonic(), line); }

    HostedWorld& world_;
    Process& process_;
    app::DueKeys keys_;
    std::map<std::string, std::deque<std::function<void()>>> waiting_turns_;
    std::optional<Milliseconds> wakes_at_;
};

template <typename Answer>
void Controller::ask(std::function<Answer()> question, std::function<void(Answer)> then)
{
    const auto before =
        Milliseconds{world_.random.once_in(20) ? world_.random.between(50, 3'000) : world_.random.between(0, 20)};
    const auto after = Milliseconds{world_.random.between(0, 10)};
    process_.schedule(world_.queue.monotonic() + before, [this, question = std::move(question), then, after] {
        if (!process_.is_alive()) return;
        auto answer = question();
        const bool is_late = !answer && answer.error().kind == ErrorKind::timeout;
        const auto at = world_.queue.monotonic() + (is_late ? longest_answer : after);
        process_.schedule(at, [this, answer = std::move(answer), then] {
            if (process_.is_alive()) then(answer);
        });
    });
}

}  // namespace ramet::simulation
