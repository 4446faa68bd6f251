#include "daemon/failpoints.hpp"

#ifdef RAMET_FAILPOINTS

#include "engine/forwarding_run_store.hpp"
#include "engine/words.hpp"

#include <fmt/core.h>

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <mutex>
#include <unistd.h>

namespace ramet::daemon {

using namespace engine;

namespace {

std::string read_variable(const char* name)
{
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

/// Counts the places by name, writes them down, and ends the process at the chosen one. Thread-safe.
class Places {
public:
    void pass(const std::string& what)
    {
        const std::scoped_lock lock(mutex_);
        const auto name = fmt::format("{} #{}", what, ++passed_[what]);
        if (log_ >= 0) append(name + "\n");
        if (name != kill_at_) return;
        ::kill(::getpid(), SIGKILL);
        ::pause();
    }

private:
    static int open_log()
    {
        const auto path = read_variable("RAMET_FAILPOINT_LOG");
        return path.empty() ? -1 : ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }

    void append(const std::string& line) const
    {
        if (::write(log_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) ::abort();
    }

    std::mutex mutex_;
    std::map<std::string, int> passed_;
    std::string kill_at_ = read_variable("RAMET_FAILPOINT_KILL");
    int log_ = open_log();
};

class WatchedStore final : public ForwardingRunStore {
public:
    WatchedStore(RunStore& inner, Places& places) : ForwardingRunStore(inner), places_(places) {}

    Result<std::vector<Result<void>>> commit(std::span<const Batch> batches) override
    {
        const auto written = name_all(batches);
        for (const auto& what : written) places_.pass("before commit " + what);
        auto results = ForwardingRunStore::commit(batches);
        for (const auto& what : written) places_.pass("after commit " + what);
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

    Places& places_;
};

class WatchedDriver final : public Driver {
public:
    WatchedDriver(Driver& inner, Places& places) : inner_(inner), places_(places) {}

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
        places_.pass(fmt::format("before {} {}", verb, ref.path));
        auto result = call();
        places_.pass(fmt::format("after {} {}", verb, ref.path));
        return result;
    }

    Driver& inner_;
    Places& places_;
};

}  // namespace

struct Failpoints::Parts {
    Places places;
    WatchedStore store;
    std::vector<std::unique_ptr<Driver>> owned;
    Drivers table;

    Parts(RunStore& inner, const Drivers& drivers) : store(inner, places)
    {
        for (const auto& [kind, driver] : drivers) {
            owned.push_back(std::make_unique<WatchedDriver>(*driver, places));
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
