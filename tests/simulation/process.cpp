#include "simulation/process.hpp"

#include "engine/forwarding_run_store.hpp"

#include <fmt/core.h>

namespace ramet::simulation {

using namespace engine;

namespace {

/// Three times as long as a lease lasts.
constexpr Milliseconds longest_pause{27'000};

}  // namespace

/// The machine's clock: wherever it jumps, time goes on as for everybody.
class Process::WallClock final : public Clock {
public:
    explicit WallClock(EventQueue& queue) : queue_(queue) {}
    Time now() override { return queue_.now() + offset; }
    Milliseconds monotonic() override { return queue_.monotonic(); }

    Milliseconds offset{0};

private:
    EventQueue& queue_;
};

/// The process's threads: everything becomes an event of the one queue.
class Process::Threads final : public Scheduler {
public:
    explicit Threads(Process& process) : process_(process) {}

    void call(Work work, Work done) override
    {
        auto& random = process_.universe_.random;
        const auto before = Milliseconds{random.once_in(20) ? random.between(100, 5'000) : random.between(0, 20)};
        const auto after = Milliseconds{random.between(0, 10)};
        process_.schedule(now() + before, [this, work = std::move(work), done = std::move(done), after] {
            work();
            process_.schedule(now() + after, done);
        });
    }

    void at(Milliseconds when, Work work) override
    {
        process_.schedule(when + Milliseconds{process_.universe_.random.between(0, 2)}, std::move(work));
    }

    void write(Work work) override
    {
        writes_until_ = std::max(writes_until_, now()) + Milliseconds{process_.universe_.random.between(0, 3)};
        process_.schedule(writes_until_, std::move(work));
    }

    void stop() override {}

private:
    Milliseconds now() const { return process_.universe_.queue.monotonic(); }

    Process& process_;
    Milliseconds writes_until_{0};
};

/// The shared disk, as this process reaches it.
class Process::Disk final : public ForwardingRunStore {
public:
    explicit Disk(Process& process) : ForwardingRunStore(process.universe_.disk), process_(process) {}

    Result<std::vector<Result<void>>> commit(std::span<const Batch> batches) override
    {
        auto& provider = process_.universe_.provider;
        if (process_.life_ == Life::dead) return fail(ErrorKind::unavailable, "dead");
        const bool may_die = process_.is_alive();
        if (may_die && process_.dies_here(Fault::crash_around_commit)) {
            process_.die("before a commit");
            return fail(ErrorKind::unavailable, "dead");
        }
        // Between what it decided and the writing of it.
        if (!process_.may_stand_still(longest_pause)) return fail(ErrorKind::unavailable, "dead");
        if (process_.is_cut_off()) return cut_off();
        if (provider.happens(Fault::failed_commit)) return fail(ErrorKind::unavailable, "the disk is full");
        auto results = ForwardingRunStore::commit(batches);
        for (std::size_t index = 0; index < batches.size(); ++index) tell(batches[index], (*results)[index]);
        if (may_die && process_.dies_here(Fault::crash_around_commit)) process_.die("after a commit");
        if (!process_.may_stand_still(longest_pause)) return fail(ErrorKind::unavailable, "dead");
        if (process_.universe_.town && provider.happens(Fault::lost_commit_answer))
            return fail(ErrorKind::unavailable, "no answer from the store");
        return results;
    }

    Result<OwnerRecords> load_owner(const OwnerId& owner) override
    {
        if (process_.is_cut_off()) return cut_off();
        return ForwardingRunStore::load_owner(owner);
    }
    Result<std::vector<UnfinishedOwner>> list_owners_with_unfinished_runs() override
    {
        if (process_.is_cut_off()) return cut_off();
        return ForwardingRunStore::list_owners_with_unfinished_runs();
    }
    Result<std::vector<JournalRecord>> load_journal(const EngineRunId& run) override
    {
        if (process_.is_cut_off()) return cut_off();
        return ForwardingRunStore::load_journal(run);
    }

private:
    static std::unexpected<Error> cut_off() { return fail(ErrorKind::unavailable, "the store does not answer"); }

    void tell(const Batch& batch, const Result<void>& result)
    {
        auto& trace = process_.universe_.trace;
        const auto at = process_.universe_.queue.monotonic();
        if (!result)
            return trace.add(at, fmt::format("    p{} commit refused: {}", process_.number_, result.error().message));
        for (const auto& record : batch.records)
            trace.add(at, fmt::format("    p{} {} {} {} #{}", process_.number_, record.run.str(),
                                      to_string(record.kind), record.step, record.attempt));
        if (batch.new_run) tell(batch.new_run->id, batch.new_run->status);
        for (const auto& change : batch.runs) tell(change.id, change.status);
        process_.universe_.checker.on_accepted(batch);
        if (process_.universe_.on_accepted) process_.universe_.on_accepted(process_.number_, batch);
        if (auto& town = process_.universe_.town) {
            town->checker.on_accepted(batch, at);
            if (batch.new_run) town->expect_work();
            if (!batch.epoch) town->tell(process_, batch.owner);
        }
    }

    void tell(const EngineRunId& run, const RunStatus& status)
    {
        process_.universe_.trace.add(
            process_.universe_.queue.monotonic(),
            fmt::format("    p{} {} is {}{}", process_.number_, run.str(), to_string(status.state),
                        status.error ? ": " + status.error->message + " " + status.error->evidence : std::string()));
    }

    Process& process_;
};

/// The provider, as this process reaches it. A process that was replaced has lost its network: on one machine the old holder
/// is dead for certain before the next one starts, and between machines it stops calling before its lease ends.
class Process::Remote final : public Driver {
public:
    explicit Remote(Process& process) : process_(process), provider_(process.universe_.provider) {}

    Result<Observation> probe(const Call&, const ResourceRef& ref) override
    {
        return around<Observation>("probe", ref, [&] { return provider_.probe(ref); });
    }
    Result<Acknowledged> apply(const Call& call, const ResourceRef& ref, const Token& token) override
    {
        return change<Acknowledged>("apply", call, ref, [&] { return provider_.apply(call, ref, token); });
    }
    /// It may change something as well: real drivers go on with their work when they are asked.
    Result<Readiness> await(const Call& call, const ResourceRef& ref) override
    {
        auto readiness = change<Readiness>("await", call, ref, [&] { return provider_.await(ref); });
        auto* ready = readiness ? std::get_if<Ready>(&*readiness) : nullptr;
        if (ready && process_.version_ == Version::old) ready->outputs.erase("port");
        return readiness;
    }
    Result<void> remove(const Call& call, const DeletionProof& proof) override
    {
        return change<void>("remove", call, proof.resource, [&] { return provider_.remove(call, proof); });
    }
    Result<std::vector<InventoryItem>> inventory(const Call&, const std::string& install) override
    {
        if (!process_.is_alive()) return fail(ErrorKind::timeout, "no network");
        return provider_.inventory(install);
    }
    Change classify_change(const Json& old_spec, const Json& new_spec) const override
    {
        return get_member(old_spec, "shape") == get_member(new_spec, "shape") ? Change::update : Change::replace;
    }
    Milliseconds consistency_horizon() const override { return provider_.weather.horizon; }

private:
    template <typename T, typename F>
    Result<T> around(std::string_view verb, const ResourceRef& ref, const F& call)
    {
        auto& universe = process_.universe_;
        if (!process_.is_alive()) return fail(ErrorKind::timeout, "no network");
        // Between the look at its lease and the sending no process stands still for longer than a margin: that is what it is for.
        const auto margin = universe.town ? universe.town->terms.margin - Milliseconds{1} : Milliseconds{0};
        if (process_.dies_here(Fault::crash_around_call, margin)) {
            process_.die("before a call");
            return fail(ErrorKind::timeout, "dead");
        }
        const auto result = call();
        universe.trace.add(universe.queue.monotonic(),
                           fmt::format("    p{} {} {} {}{}", process_.number_, verb, ref.path, ref.name,
                                       result ? std::string() : ": " + result.error().message));
        if (process_.dies_here(Fault::crash_around_call)) process_.die("after a call");
        return result;
    }

    /// A request is on its way for less than the margin, whether its sender stands still or the network does.
    template <typename T, typename F>
    Result<T> change(std::string_view verb, const Call& call, const ResourceRef& ref, const F& made)
    {
        auto& town = process_.universe_.town;
        if (!town) return around<T>(verb, ref, made);
        if (!process_.may_stand_still(town->terms.margin - Milliseconds{1})) return fail(ErrorKind::timeout, "dead");
        auto result = around<T>(verb, ref, [&] {
            town->checker.on_call(ref.mark.owner, call.epoch, process_.universe_.queue.monotonic());
            return made();
        });
        if (!process_.may_stand_still(longest_pause)) return fail(ErrorKind::timeout, "dead");
        return result;
    }

    Process& process_;
    Provider& provider_;
};

Process::Process(Universe& universe, int number, Version version)
    : universe_(universe), number_(number), version_(version), clock_(std::make_unique<WallClock>(universe.queue)),
      threads_(std::make_unique<Threads>(*this)), disk_(std::make_unique<Disk>(*this)),
      remote_(std::make_unique<Remote>(*this)), drivers_{{"thing", remote_.get()}}
{
    if (version == Version::present) drivers_["widget"] = remote_.get();
    EngineOptions options;
    options.install = "install";
    options.counts = &universe.counts;
    if (universe.on_change) options.observer = [this](const auto& change) { universe_.on_change(*this, change); };
    if (universe.town) options.lease_terms = universe.town->terms;
    engine_ = std::make_unique<Engine>(World{*clock_, universe.random, *disk_, drivers_, *threads_}, options);
}

Process::~Process()
{
    life_ = Life::dead;
}

bool Process::dies_here(Fault fault, Milliseconds pause)
{
    const bool is_chosen = universe_.places.pass();
    if (is_chosen && universe_.places.doom == Doom::stands_still) stand_still(pause);
    const bool dies = is_chosen && universe_.places.doom == Doom::dies;
    return universe_.provider.happens(fault) || dies;
}

void Process::die(std::string_view why)
{
    universe_.trace.add(universe_.queue.monotonic(), fmt::format("p{} is killed {}", number_, why));
    life_ = Life::dead;
}

void Process::be_replaced(Milliseconds wakes_at)
{
    universe_.trace.add(universe_.queue.monotonic(), fmt::format("p{} is paused", number_));
    life_ = Life::replaced;
    wakes_at_ = wakes_at;
}

Result<void> Process::commit_beside(const std::function<Result<void>()>& write)
{
    if (!is_alive()) return fail(ErrorKind::unavailable, "the disk is another server's");
    if (dies_here(Fault::crash_around_commit)) {
        die("before a commit");
        return fail(ErrorKind::unavailable, "dead");
    }
    if (universe_.provider.happens(Fault::failed_commit)) return fail(ErrorKind::unavailable, "the disk is full");
    auto result = write();
    if (dies_here(Fault::crash_around_commit)) die("after a commit");
    return result;
}

void Process::pause(Milliseconds span)
{
    universe_.trace.add(universe_.queue.monotonic(), fmt::format("p{} stands still for {} ms", number_, span.count()));
    wakes_at_ = std::max(wakes_at_, universe_.queue.monotonic() + span);
}

bool Process::may_stand_still(Milliseconds longest)
{
    if (!universe_.town || !is_alive() || !universe_.provider.happens(Fault::paused)) return life_ != Life::dead;
    stand_still(Milliseconds{universe_.random.between(1, longest.count())});
    return is_alive();
}

void Process::stand_still(Milliseconds span)
{
    auto& town = *universe_.town;
    const auto now = universe_.queue.monotonic();
    const auto until = std::min(now + span, town.stopped_until.value_or(now + span));
    if (until <= now) return;
    pause(until - now);
    const auto outer = std::exchange(town.stopped_until, until);
    while (is_alive() && universe_.checker.violations().empty() && universe_.queue.monotonic() < wakes_at_)
        town.pass_time(wakes_at_ - universe_.queue.monotonic());
    town.stopped_until = outer;
}

void Process::jump_wall_clock(Milliseconds by)
{
    clock_->offset += by;
    universe_.trace.add(universe_.queue.monotonic(),
                        fmt::format("the clock of p{} jumps by {} ms", number_, by.count()));
}

void Process::lose_store(Milliseconds span)
{
    universe_.trace.add(universe_.queue.monotonic(),
                        fmt::format("p{} does not reach the store for {} ms", number_, span.count()));
    store_is_away_until_ = universe_.queue.monotonic() + span;
}

bool Process::is_cut_off() const
{
    return universe_.queue.monotonic() < store_is_away_until_;
}

void Process::do_soon(std::function<void()> work, Milliseconds delay)
{
    schedule(universe_.queue.monotonic() + delay, std::move(work));
}

void Process::schedule(Milliseconds when, std::function<void()> work)
{
    if (life_ == Life::dead) return;
    universe_.queue.add(when, [this, work = std::move(work)] { run_as_event(work); });
}

void Process::run_as_event(const std::function<void()>& work)
{
    if (life_ == Life::dead) return;
    const auto now = universe_.queue.monotonic();
    if (now < wakes_at_) return universe_.queue.add(wakes_at_, [this, work] { run_as_event(work); });
    // Another one may stand still for longer within this one's stop: what comes up meanwhile waits until that is over.
    if (is_inside_) return held_.push_back(work);
    is_inside_ = true;
    work();
    is_inside_ = false;
    for (auto& held : std::exchange(held_, {})) schedule(universe_.queue.monotonic(), std::move(held));
}

}  // namespace ramet::simulation
