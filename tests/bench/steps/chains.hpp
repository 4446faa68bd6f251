#pragma once

#include "engine/executor.hpp"
#include "engine/forwarding_run_store.hpp"
#include "engine/thread_scheduler.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace ramet::bench {

/// Answers at once: what is measured is the engine.
class NoOpDriver final : public engine::Driver {
public:
    static constexpr const char* kind = "no-op";

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

    std::int64_t applied() const { return applied_; }

private:
    std::atomic<std::int64_t> applied_ = 0;
};

/// Counts the transactions.
class CountingStore final : public engine::ForwardingRunStore {
public:
    using ForwardingRunStore::ForwardingRunStore;
    Result<std::vector<Result<void>>> commit(std::span<const engine::Batch> batches) override;

    std::int64_t commits() const { return commits_; }

private:
    std::atomic<std::int64_t> commits_ = 0;
};

struct ChainsResult {
    double seconds = 0;
    std::int64_t commits = 0;
};

/// The engine with its real threads on a store, and runs of steps of which each needs the one before it and its output.
class Chains {
public:
    Chains(engine::RunStore& store, bool is_shared);

    /// All runs in flight at once, from the first submission to the end of the last; each of an owner of its own.
    Result<ChainsResult> run(int runs, int steps);

private:
    engine::World world();
    engine::EngineOptions options(bool is_shared);
    void watch(const engine::Change& change);
    Result<void> check(const engine::EngineRunId& run, int steps);

    SystemClock clock_;
    SystemRandom random_;
    NoOpDriver driver_;
    engine::Drivers drivers_{{NoOpDriver::kind, &driver_}};
    CountingStore store_;
    std::mutex mutex_;
    std::condition_variable has_ended_;
    std::vector<engine::EngineRunId> ended_;
    engine::ThreadScheduler scheduler_{clock_};
    engine::Engine engine_;
    int owners_ = 0;
};

}  // namespace ramet::bench
