#include "simulation/hosted_life.hpp"

#include "simulation/hosted_stage.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr std::uint64_t hosted_one_in = 3;
constexpr std::size_t most_pull_requests = 3;
constexpr const char* label = "preview";
constexpr const char* branches[] = {"main", "next"};

class HostedLife {
public:
    HostedLife(const SeedOptions& options, TransitionCounts& counts)
        : options_(options), hosted_(options.seed, options.keeps_trace, options.most_nodes, counts),
          stage_(hosted_.stage), host_(hosted_.host), random_(stage_.random)
    {
        stage_.provider.weather.without = options.without;
    }

    SeedResult run()
    {
        choose_policy();
        choose_weather();
        hosted_.world.reconcile_every = Milliseconds{random_.between(15'000, 90'000)};
        stage_.start_process();
        const auto acts = random_.between(6, most_acts);
        for (std::int64_t act = 0; act < acts; ++act) {
            if (!options_.skipped_acts.contains(act)) do_something();
            pass_time(Milliseconds{random_.once_in(3) ? random_.between(0, 60'000) : random_.between(0, 3'000)});
        }
        clear_up();
        return SeedResult{stage_.queue.count(), stage_.trace.hash(), stage_.checker.violations(), stage_.trace.lines(),
                          stage_.faults};
    }

private:
    void choose_policy()
    {
        auto& policy = hosted_.checker.policy;
        policy.trigger.drafts = random_.once_in(2);
        if (random_.once_in(3)) policy.trigger.label = label;
        if (random_.once_in(2)) policy.trigger.branches = {branches[0]};
        if (random_.once_in(6)) policy.lifecycle.destroy_on_closed = false;
        if (random_.once_in(6)) policy.lifecycle.destroy_on_merged = false;
    }

    void make_likely(Fault fault, std::int64_t low, std::int64_t high)
    {
        stage_.provider.weather.chance[static_cast<std::size_t>(fault)] =
            static_cast<std::uint64_t>(random_.between(low, high));
    }

    void choose_weather()
    {
        const Milliseconds horizons[] = {Milliseconds{0}, Milliseconds{2'000}, Milliseconds{10'000}};
        stage_.provider.weather.horizon = horizons[random_.below(3)];
        constexpr Fault of_host[] = {Fault::lost_webhook,   Fault::late_webhook,       Fault::doubled_webhook,
                                     Fault::host_error,     Fault::reordered_webhook,  Fault::host_timeout,
                                     Fault::host_throttled, Fault::stale_answer,       Fault::hidden_for_a_moment,
                                     Fault::failed_fetch,   Fault::failed_host_listing};
        for (const auto fault : of_host)
            if (random_.once_in(2)) make_likely(fault, 2, 8);
        if (random_.once_in(3)) make_likely(Fault::crash_around_commit, 60, 60);
        if (random_.once_in(3)) make_likely(Fault::crash_around_call, 60, 60);
        // In half of the lives the Git host alone is unkind: then nothing fails, and nothing needs a push that mends it.
        if (random_.once_in(2)) return;
        constexpr Fault of_provider[] = {Fault::lost_request, Fault::lost_answer,    Fault::late_request,
                                         Fault::duplicate,    Fault::throttled,      Fault::server_error,
                                         Fault::stale_read,   Fault::failed_listing, Fault::slow_ready,
                                         Fault::slow_removal, Fault::failed_commit};
        for (const auto fault : of_provider)
            if (random_.once_in(2)) make_likely(fault, 4, 25);
        breaks_ = true;
        if (random_.once_in(2)) choose_storm();
    }

    /// One thing happens to every call for as long as the weather is bad.
    void choose_storm()
    {
        constexpr Fault storms[] = {Fault::throttled, Fault::server_error, Fault::lost_request, Fault::lost_answer};
        make_likely(storms[random_.below(std::size(storms))], 1, 1);
        hosted_.world.is_stormy = true;
    }

    void pass_time(Milliseconds span)
    {
        const auto until = stage_.queue.monotonic() + span;
        auto events = stage_.queue.count();
        while (stage_.is_well() && stage_.queue.monotonic() < until) {
            stage_.ensure_process();
            stage_.pass_time(std::min(until - stage_.queue.monotonic(), Milliseconds{2'000}));
            // A life with too many events stands still, and says so at its end.
            if (stage_.queue.count() == std::exchange(events, stage_.queue.count())) return;
        }
    }

    void do_something()
    {
        stage_.ensure_process();
        const auto numbers = host_.numbers();
        if (numbers.empty() || (numbers.size() < most_pull_requests && random_.once_in(6))) return open();
        const auto number = numbers[random_.below(numbers.size())];
        const bool is_open = host_.get(number).state == PullRequestState::open;
        if (!is_open && random_.once_in(2)) return reopen(number);
        switch (random_.below(19)) {
        case 0:
        case 1:
        case 2: return host_.push(number);
        case 3: return push_often(number);
        case 4: return host_.force_back(number);
        case 5:
        case 6: return close(number, PullRequestState::closed);
        case 7: return close(number, PullRequestState::merged);
        case 8: return close_and_reopen(number);
        case 9: return host_.retarget(number, branches[random_.below(2)]);
        case 10: return host_.set_draft(number, !host_.get(number).is_draft);
        case 11: return host_.set_label(number, label, host_.get(number).labels.empty());
        case 12: return end_by_hand(number);
        case 13: return crash();
        case 14: return disturb();
        case 15: return cancel_at_once(number, [&] { host_.push(number); });
        case 16: return cancel_at_once(number, [&] { redeploy(number); });
        case 17: return redeploy(number);
        default: return host_.push(number);
        }
    }

    void open()
    {
        const auto number = host_.open(branches[random_.once_in(4) ? 1 : 0], random_.once_in(12));
        if (!random_.once_in(4)) host_.set_label(number, label, true);
    }

    void close(std::int64_t number, PullRequestState how)
    {
        if (host_.get(number).state == PullRequestState::open) host_.set_state(number, how);
    }

    /// One that is merged stays merged.
    void reopen(std::int64_t number)
    {
        if (host_.get(number).state == PullRequestState::closed) host_.set_state(number, PullRequestState::open);
    }

    void close_and_reopen(std::int64_t number)
    {
        close(number, PullRequestState::closed);
        pass_time(Milliseconds{random_.once_in(2) ? random_.between(0, 500) : random_.between(0, 10'000)});
        reopen(number);
    }

    void push_often(std::int64_t number)
    {
        for (auto left = random_.between(3, 12); left > 0; --left) {
            host_.push(number);
            pass_time(Milliseconds{random_.between(0, 1'000)});
        }
    }

    /// Somebody stops a deployment as soon as it is there: what it was about stays as it is until the next push.
    template <typename Ask>
    void cancel_at_once(std::int64_t number, const Ask& ask)
    {
        const auto before = hosted_.checker.newest_run(number);
        ask();
        const auto until = stage_.queue.monotonic() + Milliseconds{2'000};
        while (hosted_.checker.newest_run(number) == before && stage_.queue.monotonic() < until && stage_.step()) {}
        const auto run = hosted_.checker.newest_run(number);
        if (run == before || !stage_.process().is_alive()) return;
        stage_.pass_time(Milliseconds{random_.once_in(4) ? random_.between(0, 40) : random_.between(0, 2)});
        stage_.say("cancel " + run.str());
        stage_.process().engine().cancel_async(run, [](const Result<void>&) {});
    }

    /// Now and then without the time that it needs.
    void redeploy(std::int64_t number)
    {
        const auto limit = Milliseconds{random_.once_in(3) ? random_.between(1, 40) : 900'000};
        if (auto* up = hosted_.controller()) up->redeploy_by_hand(number, limit);
    }

    void end_by_hand(std::int64_t number)
    {
        if (auto* up = hosted_.controller()) up->end_by_hand(number);
    }

    void crash()
    {
        ++stage_.faults[static_cast<std::size_t>(Fault::crash)];
        stage_.process().die("by itself");
        stage_.pass_time(Milliseconds{random_.between(0, 5'000)});
    }

    void disturb()
    {
        if (!breaks_) return;
        const auto path = Project::path_of(random_.below(hosted_.project.size()));
        auto& provider = stage_.provider;
        switch (random_.below(3)) {
        case 0: provider.refused_paths.insert(path); return stage_.say(path + " is refused from now on");
        case 1: provider.broken_paths.insert(path); return stage_.say(path + " breaks down from now on");
        default: provider.kept_paths.insert(path); return stage_.say(path + " cannot be removed from now on");
        }
    }

    void clear_up()
    {
        stage_.say("the weather clears");
        stage_.provider.heal();
        hosted_.world.is_stormy = false;
        hosted_.settle();
        if (!stage_.is_well()) return;
        for (const auto number : hosted_.checker.check_settled(hosted_.rows.states())) host_.push(number);
        hosted_.settle();
        if (!stage_.is_well()) return;
        for (const auto number : hosted_.checker.check_settled(hosted_.rows.states()))
            stage_.checker.violate(fmt::format("the push that mends #{} does not", number));
        end_all();
    }

    /// Whatever was kept is ended by hand, so that nothing at all may be left.
    void end_all()
    {
        for (const auto number : host_.numbers()) {
            close(number, PullRequestState::closed);
            end_by_hand(number);
        }
        hosted_.settle();
        if (!stage_.is_well()) return;
        if (!stage_.provider.truth().empty())
            stage_.checker.violate("something is left: " + stage_.provider.truth().front().name);
        if (!hosted_.rows.list().empty())
            stage_.checker.violate("a row is left: " + hosted_.rows.list().front().id.str());
    }

    SeedOptions options_;
    HostedStage hosted_;
    Stage& stage_;
    GitHost& host_;
    SeededRandom& random_;
    bool breaks_ = false;
};

}  // namespace

bool is_hosted(std::uint64_t seed)
{
    return seed % hosted_one_in == 0;
}

SeedResult run_hosted_seed(const SeedOptions& options, TransitionCounts& counts)
{
    return HostedLife(options, counts).run();
}

}  // namespace ramet::simulation
