#include "daemon/failpoints.hpp"

#ifdef RAMET_FAILPOINTS

#include "engine/forwarding_run_store.hpp"
#include "engine/words.hpp"
#include "failpoints/places.hpp"

#include <fmt/core.h>

namespace ramet::daemon {

using namespace engine;

namespace {

class WatchedStore final : public ForwardingRunStore {
public:
    explicit WatchedStore(RunStore& inner) : ForwardingRunStore(inner) {}

    Result<std::vector<Result<void>>> commit(std::span<const Batch> batches) override
    {
        const auto written = name_all(batches);
        for (const auto& what : written) failpoints::pass("before commit " + what);
        auto results = ForwardingRunStore::commit(batches);
        for (const auto& what : written) failpoints::pass("after commit " + what);
        return results;
    }

private:
    /// What a commit writes: its journal records, and how runs stand.
    static std::vector<std::string> name_all(std::span<const Batch> batches)
    {
        std::vector<std::string> names;
        for (const auto& batch : batches) {
            if (batch.new_run) names.push_back(fmt::format("run {}", to_string(batch.new_run->kind)));
            for (const auto& record : batch.records)
                names.push_back(fmt::format("{} {}", to_string(record.kind), record.step));
            for (const auto& change : batch.runs)
                names.push_back(fmt::format("run {}", to_string(change.status.state)));
        }
        return names;
    }
};

class WatchedDriver final : public Driver {
public:
    explicit WatchedDriver(Driver& inner) : inner_(inner) {}

    Result<Observation> probe(const Call& call, const ResourceRef& ref) override
    {
        return around<Observation>("probe", ref, [&] { return inner_.probe(call, ref); });
    }
    Result<Acknowledged> apply(const Call& call, const ResourceRef& ref, const Token& token) override
    {
        return around<Acknowledged>("apply", ref, [&] { return inner_.apply(call, ref, token); });
    }
    Result<Readiness> await(const Call& call, const ResourceRef& ref) override
    {
        return around<Readiness>("await", ref, [&] { return inner_.await(call, ref); });
    }
    Result<void> remove(const Call& call, const DeletionProof& proof) override
    {
        return around<void>("remove", proof.resource, [&] { return inner_.remove(call, proof); });
    }
    Result<std::vector<InventoryItem>> inventory(const Call& call, const std::string& install) override
    {
        return inner_.inventory(call, install);
    }
    Change classify_change(const Json& old_spec, const Json& new_spec) const override
    {
        return inner_.classify_change(old_spec, new_spec);
    }
    Milliseconds consistency_horizon() const override { return inner_.consistency_horizon(); }
    bool is_cancellable() const override { return inner_.is_cancellable(); }

private:
    template <typename T, typename F>
    Result<T> around(std::string_view verb, const ResourceRef& ref, const F& call)
    {
        failpoints::pass(fmt::format("before {} {}", verb, ref.path));
        auto result = call();
        // As from somebody far away who did it, and was not heard any more.
        const bool is_lost = failpoints::pass(fmt::format("after {} {}", verb, ref.path));
        if (is_lost) return fail(ErrorKind::timeout, "the answer to {} {} was lost", verb, ref.path);
        return result;
    }

    Driver& inner_;
};

}  // namespace

struct Failpoints::Parts {
    WatchedStore store;
    std::vector<std::unique_ptr<Driver>> owned;
    Drivers table;

    Parts(RunStore& inner, const Drivers& drivers) : store(inner)
    {
        for (const auto& [kind, driver] : drivers) {
            owned.push_back(std::make_unique<WatchedDriver>(*driver));
            table[kind] = owned.back().get();
        }
    }
};

Failpoints::Failpoints(RunStore& store, const Drivers& drivers) : parts_(std::make_unique<Parts>(store, drivers)) {}

engine::RunStore& Failpoints::store()
{
    return parts_->store;
}
const engine::Drivers& Failpoints::drivers() const
{
    return parts_->table;
}

#else

namespace ramet::daemon {

struct Failpoints::Parts {
    engine::RunStore& store;
    const engine::Drivers& drivers;
};

Failpoints::Failpoints(engine::RunStore& store, const engine::Drivers& drivers)
    : parts_(std::make_unique<Parts>(Parts{store, drivers}))
{
}

engine::RunStore& Failpoints::store()
{
    return parts_->store;
}
const engine::Drivers& Failpoints::drivers() const
{
    return parts_->drivers;
}

#endif

Failpoints::~Failpoints() = default;

}  // namespace ramet::daemon
