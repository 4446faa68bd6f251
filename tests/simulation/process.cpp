#include "simulation/process.hpp"

#include "engine/forwarding_run_store.hpp"

#include <fmt/core.h>

namespace ramet::simulation {

using namespace engine;

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
        if (provider.happens(Fault::failed_commit)) return fail(ErrorKind::unavailable, "the disk is full");
        auto results = ForwardingRunStore::commit(batches);
        for (std::size_t index = 0; index < batches.size(); ++index) tell(batches[index], (*results)[index]);
        if (may_die && process_.dies_here(Fault::crash_around_commit)) process_.die("after a commit");
        return results;
    }

private:
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
        return around<Acknowledged>("apply", ref, [&] { return provider_.apply(call, ref, token); });
    }
    Result<Readiness> await(const Call&, const ResourceRef& ref) override
    {
        auto readiness = around<Readiness>("await", ref, [&] { return provider_.await(ref); });
        auto* ready = readiness ? std::get_if<Ready>(&*readiness) : nullptr;
        if (ready && process_.version_ == Version::old) ready->outputs.erase("port");
        return readiness;
    }
    Result<void> remove(const Call& call, const DeletionProof& proof) override
    {
        return around<void>("remove", proof.resource, [&] { return provider_.remove(call, proof); });
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
        if (process_.dies_here(Fault::crash_around_call)) {
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

    Process& process_;
    Provider& provider_;
};

Process::Process(Universe& universe, int number, Version version)
    : universe_(universe), number_(number), version_(version), threads_(std::make_unique<Threads>(*this)),
      disk_(std::make_unique<Disk>(*this)), remote_(std::make_unique<Remote>(*this)), drivers_{{"thing", remote_.get()}}
{
    if (version == Version::present) drivers_["widget"] = remote_.get();
    EngineOptions options;
    options.install = "install";
    options.counts = &universe.counts;
    engine_ = std::make_unique<Engine>(World{universe.queue, universe.random, *disk_, drivers_, *threads_}, options);
}

Process::~Process()
{
    life_ = Life::dead;
}

bool Process::dies_here(Fault fault)
{
    const bool is_chosen = universe_.places.pass();
    return universe_.provider.happens(fault) || is_chosen;
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

void Process::schedule(Milliseconds when, std::function<void()> work)
{
    if (life_ == Life::dead) return;
    universe_.queue.add(when, [this, work = std::move(work)] { run_as_event(work); });
}

void Process::run_as_event(const std::function<void()>& work)
{
    if (life_ == Life::dead) return;
    const auto now = universe_.queue.monotonic();
    if (life_ == Life::replaced && now < wakes_at_)
        return universe_.queue.add(wakes_at_, [this, work] { run_as_event(work); });
    work();
}

}  // namespace ramet::simulation
