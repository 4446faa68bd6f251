#include "bench/steps/chains.hpp"

#include <chrono>

namespace ramet::bench {

using namespace engine;

namespace {

std::string path_of(int step)
{
    return fmt::format("step/s{}", step);
}

/// 40 no-op steps in a row: each is given what the one before it answered.
Graph chain_of(int steps)
{
    Graph graph;
    for (int step = 0; step < steps; ++step) {
        Node node{path_of(step), NoOpDriver::kind, json::object{{"number", step}}, {}, {"answer"}};
        if (step > 0) {
            node.needs = {path_of(step - 1)};
            node.spec.as_object()["previous"] = json::object{{"$out", json::array{path_of(step - 1), "answer"}}};
        }
        graph.nodes.push_back(std::move(node));
    }
    return graph;
}

}  // namespace

Result<Observation> NoOpDriver::probe(const Call&, const ResourceRef& ref)
{
    Observation observation;
    observation.presence = ref.identity.empty() ? Presence::absent : Presence::ours;
    observation.identity = ref.identity;
    return observation;
}

Result<Acknowledged> NoOpDriver::apply(const Call&, const ResourceRef& ref, const Token&)
{
    ++applied_;
    return Acknowledged{ref.name, "1", {{"answer", std::to_string(get_int(ref.spec, "number"))}}};
}

Result<Readiness> NoOpDriver::await(const Call&, const ResourceRef& ref)
{
    return Ready{ref.outputs};
}

Result<void> NoOpDriver::remove(const Call&, const DeletionProof&)
{
    return {};
}

Result<std::vector<InventoryItem>> NoOpDriver::inventory(const Call&, const std::string&)
{
    return std::vector<InventoryItem>{};
}

Driver::Change NoOpDriver::classify_change(const Json&, const Json&) const
{
    return Change::update;
}

Result<std::vector<Result<void>>> CountingStore::commit(std::span<const Batch> batches)
{
    ++commits_;
    return ForwardingRunStore::commit(batches);
}

Chains::Chains(RunStore& store, bool is_shared) : store_(store), engine_(world(), options(is_shared)) {}

World Chains::world()
{
    return World{clock_, random_, store_, drivers_, scheduler_};
}

EngineOptions Chains::options(bool is_shared)
{
    EngineOptions options{.install = "bench"};
    options.observer = [this](const Change& change) { watch(change); };
    if (is_shared) options.lease_terms.emplace();
    return options;
}

/// As the server learns how its runs end.
void Chains::watch(const Change& change)
{
    if (change.step || !is_final(change.state)) return;
    const std::lock_guard lock(mutex_);
    ended_.push_back(change.run);
    has_ended_.notify_all();
}

Result<ChainsResult> Chains::run(int runs, int steps)
{
    std::vector<RunRequest> requests(static_cast<std::size_t>(runs));
    for (auto& request : requests) {
        request.owner = OwnerId(fmt::format("owner-{}", ++owners_));
        request.graph = chain_of(steps);
    }
    {
        const std::lock_guard lock(mutex_);
        ended_.clear();
    }
    const auto commits = store_.commits();
    const auto applied = driver_.applied();
    const auto began = std::chrono::steady_clock::now();
    for (auto& request : requests) engine_.submit_async(std::move(request), {}, [](const Result<EngineRunId>&) {});
    {
        std::unique_lock lock(mutex_);
        const auto all_have = [&] { return ended_.size() == requests.size(); };
        if (!has_ended_.wait_for(lock, std::chrono::minutes(2), all_have))
            return fail(ErrorKind::timeout, "{} of {} runs have ended", ended_.size(), runs);
    }
    ChainsResult result;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    result.commits = store_.commits() - commits;
    if (driver_.applied() - applied != std::int64_t{runs} * steps)
        return fail(ErrorKind::internal, "{} calls for {} steps", driver_.applied() - applied, runs * steps);
    for (const auto& run : ended_) TRY(check(run, steps));
    return result;
}

/// What the store says: a record before and after each step's call, and a run that went well.
Result<void> Chains::check(const EngineRunId& run, int steps)
{
    const auto row = TRY(store_.find_run(run));
    const auto journal = TRY(store_.load_journal(run));
    if (!row || row->status.state != RunState::succeeded)
        return fail(ErrorKind::internal, "run {} {}", run.str(), row ? to_string(row->status.state) : "is not stored");
    if (journal.size() != static_cast<std::size_t>(2 * steps))
        return fail(ErrorKind::internal, "{} records for {} steps", journal.size(), steps);
    return {};
}

}  // namespace ramet::bench
