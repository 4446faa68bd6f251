#pragma once

#include "engine/forwarding_run_store.hpp"
#include "fakes/engine_house.hpp"

#include <deque>
#include <functional>
#include <map>

namespace ramet::engine::testing {

/// One monotonic clock for all servers, as time is one; each server has a wall clock of its own, which may be wrong.
class TownClock final : public Clock {
public:
    explicit TownClock(const Milliseconds& steady) : steady_(steady) {}
    Time now() override { return Time{Milliseconds{1'750'000'000'000}} + steady_ + wall_offset; }
    Milliseconds monotonic() override { return steady_; }

    Milliseconds wall_offset{0};

private:
    const Milliseconds& steady_;
};

/// The threads of one server, which do something only when the test lets them. A call that is held waits for its turn.
class TownScheduler final : public Scheduler {
public:
    void call(Work work, Work done) override { calls_.emplace_back(std::move(work), std::move(done)); }
    void at(Milliseconds when, Work work) override { timers_.emplace(when, std::move(work)); }
    void write(Work work) override
    {
        if (!drops_writes) writes_.push_back(std::move(work));
    }
    void stop() override
    {
        timers_.clear();
        while (step(Milliseconds{0})) {}
    }

    bool step(Milliseconds now)
    {
        if (!writes_.empty()) return run(take(writes_)), true;
        if (!timers_.empty() && timers_.begin()->first <= now) {
            auto work = std::move(timers_.begin()->second);
            timers_.erase(timers_.begin());
            return work(), true;
        }
        if (calls_.empty() || holds_calls) return false;
        auto [work, done] = take(calls_);
        work();
        if (holds_answers)
            answers_.push_back(std::move(done));
        else
            done();
        return true;
    }
    void answer()
    {
        for (const auto& done : std::exchange(answers_, {})) done();
    }

    bool holds_calls = false;
    bool holds_answers = false;
    bool drops_writes = false;  ///< as when the threads have just ended

private:
    template <typename T>
    static T take(std::deque<T>& queue)
    {
        auto first = std::move(queue.front());
        queue.pop_front();
        return first;
    }
    static void run(const Work& work) { work(); }

    std::deque<Work> writes_;
    std::multimap<Milliseconds, Work> timers_;
    std::deque<std::pair<Work, Work>> calls_;
    std::deque<Work> answers_;
};

/// The shared store, as one server reaches it.
class TownStore final : public ForwardingRunStore {
public:
    using ForwardingRunStore::ForwardingRunStore;

    Result<std::vector<Result<void>>> commit(std::span<const Batch> batches) override
    {
        if (const auto hook = std::exchange(before_commit, {})) hook();
        if (is_away) return fail(ErrorKind::unavailable, "the store is away");
        ++commits;
        auto results = ForwardingRunStore::commit(batches);
        for (std::size_t index = 0; results && index < batches.size(); ++index)
            if ((*results)[index]) take_note(batches[index]);
        if (std::exchange(loses_answer, false)) return fail(ErrorKind::unavailable, "no answer");
        return results;
    }
    Result<OwnerRecords> load_owner(const OwnerId& owner) override
    {
        ++reads;
        if (is_away) return fail(ErrorKind::unavailable, "the store is away");
        return ForwardingRunStore::load_owner(owner);
    }
    Result<std::vector<UnfinishedOwner>> list_owners_with_unfinished_runs() override
    {
        if (is_away) return fail(ErrorKind::unavailable, "the store is away");
        return ForwardingRunStore::list_owners_with_unfinished_runs();
    }

    bool is_away = false;
    bool loses_answer = false;              ///< of the next commit, which is written
    std::function<void()> before_commit{};  ///< of the next one
    int commits = 0;
    int reads = 0;                                   ///< of owners
    std::int64_t last_epoch = 0;                     ///< of what was accepted
    std::function<void(const Batch&)> on_written{};  ///< before the answer to it

private:
    void take_note(const Batch& batch)
    {
        if (batch.epoch) last_epoch = *batch.epoch;
        if (on_written) on_written(batch);
    }
};

/// Several servers at work on one store and one provider. Nothing happens by itself: `settle`, `pass`.
struct Town {
    struct Server {
        TownClock clock;
        TownScheduler scheduler{};
        TownStore store;
        bool is_paused = false;
        std::unique_ptr<Engine> engine{};

        Server(Town& town)
            : clock(town.steady), store(town.records),
              engine(std::make_unique<Engine>(World{clock, town.random, store, town.drivers, scheduler}, town.options))
        {
        }
        ~Server() { engine.reset(); }
    };

    static constexpr LeaseTerms terms{Milliseconds{9'000}, Milliseconds{4'000}};
    /// After this, what was last seen of a lease is over.
    static constexpr Milliseconds over = terms.term + terms.margin;

    Milliseconds steady{1'000};
    SystemRandom random;
    fakes::MemoryRunStore records;
    fakes::MemoryDriver driver;
    Drivers drivers{{"thing", &driver}};
    EngineOptions options;
    std::deque<Server> servers;
    Server& a;
    Server& b;

    Town() : a(start()), b(start()) {}

    Server& start()
    {
        options.install = "install-1";
        options.lease_terms = terms;
        return servers.emplace_back(*this);
    }

    /// Until nobody that is awake has anything to do now.
    void settle()
    {
        bool is_quiet = false;
        while (!is_quiet) {
            is_quiet = true;
            for (auto& server : servers) is_quiet &= server.is_paused || !server.scheduler.step(steady);
        }
    }
    void pass(Milliseconds span)
    {
        constexpr Milliseconds tick{50};
        for (const auto end = steady + span; steady < end; steady += tick) settle();
        settle();
    }
    /// What a daemon does every few seconds.
    void pass_looking(Milliseconds span)
    {
        for (const auto end = steady + span; steady < end; pass(Milliseconds{1'000})) look_around();
        settle();
    }
    void look_around()
    {
        for (auto& server : servers) server.engine->look_for_abandoned_async([](const Result<int>&) {});
        settle();
    }

    Result<EngineRunId> try_submit(Server& server, RunRequest request)
    {
        const auto answer = std::make_shared<std::optional<Result<EngineRunId>>>();
        server.engine->submit_async(std::move(request), {}, [answer](auto result) { *answer = std::move(result); });
        return answer_of(*answer);
    }
    EngineRunId submit(Server& server, RunRequest request)
    {
        const auto run = try_submit(server, std::move(request));
        REQUIRE_MESSAGE(run.has_value(), run.error().message);
        return *run;
    }
    Result<void> cancel(Server& server, const EngineRunId& run)
    {
        const auto answer = std::make_shared<std::optional<Result<void>>>();
        server.engine->cancel_async(run, [answer](auto result) { *answer = std::move(result); });
        return answer_of(*answer);
    }
    template <typename T>
    T answer_of(const std::optional<T>& answer)
    {
        settle();
        // What ends just now is written first.
        for (int times = 0; times < 10 && !answer; ++times, ++steady) settle();
        REQUIRE(answer.has_value());
        return *answer;
    }
    /// A run that does not come to its end until `finish`.
    EngineRunId begin(Server& server, RunRequest request = apply_request(shop()))
    {
        driver.delay("database/db", 1'000'000);
        auto run = submit(server, std::move(request));
        pass(Milliseconds{20});
        return run;
    }
    void let_finish()
    {
        driver.delay("database/db", 0);
        pass(Milliseconds{1'000});
    }

    RunStatus status(const EngineRunId& run) { return (*records.find_run(run))->status; }
    Lease lease(const std::string& owner = "env-1") { return records.load_owner(OwnerId(owner))->lease; }
    /// When nothing is left to do for the owner.
    bool is_free() { return lease().holder.empty(); }
};

inline const OwnerId env_1{"env-1"};

}  // namespace ramet::engine::testing
