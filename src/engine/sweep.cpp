#include "base/log.hpp"
#include "engine/executor_core.hpp"

#include <algorithm>
#include <atomic>
#include <set>

namespace ramet::engine {
namespace {

constexpr Milliseconds youngest_orphan{15 * 60'000};
constexpr std::size_t always_allowed = 5;
constexpr std::string_view orphan = "orphan";
constexpr std::string_view unmatched = "unmatched";

std::string sighting_key(const InventoryItem& item)
{
    return item.kind + "\n" + item.name + "\n" + item.identity;
}

/// The ledger has closed it, and what is there is that very object.
bool is_orphan(const InventoryItem& item, const ResourceRow& row)
{
    const bool is_same = row.ref.identity.empty() || item.identity.empty() || row.ref.identity == item.identity;
    return row.phase == Phase::gone && row.ref.mark == item.mark && is_same;
}

}  // namespace

Result<Engine::Core::Inventory> Engine::Core::take_inventory()
{
    Inventory inventory;
    std::set<Driver*> asked;
    for (const auto& [kind, driver] : world_.drivers) {
        if (!asked.insert(driver).second) continue;
        const Call call{now().wall + options_.budgets.call_timeout, {}, 0};
        auto items = driver->inventory(call, options_.install);
        // What cannot be listed is unknown, and nothing can be concluded from the rest either: the cap counts all of it.
        if (!items) return fail_in(items.error(), "inventory of " + kind);
        std::ranges::move(*items, std::back_inserter(inventory.items));
    }
    return inventory;
}

bool Engine::Core::is_busy(const OwnerId& owner)
{
    const std::lock_guard lock(mutex_);
    return slots_.contains(owner);
}

/// What another server holds, or is about to begin.
Result<bool> Engine::Core::is_busy_elsewhere(const OwnerId& owner)
{
    if (!is_shared()) return false;
    const auto records = TRY(world_.store.load_owner(owner));
    const std::lock_guard lock(mutex_);
    return !records.unfinished.empty() || !is_takeable(records.lease);
}

Result<Engine::Core::Judged> Engine::Core::judge(const InventoryItem& item)
{
    if (item.mark.install != options_.install || is_busy(item.mark.owner)) return Judged{};
    auto row = TRY(world_.store.find_resource(item.kind, item.name));
    if (row && row->phase != Phase::gone && row->ref.mark == item.mark) return Judged{};
    if (TRY(is_busy_elsewhere(item.mark.owner))) return Judged{};
    const bool may_go = row && is_orphan(item, *row);
    return Judged{SweepReport::Finding{item, std::string(may_go ? orphan : unmatched)},
                  may_go ? std::move(row) : std::nullopt};
}

/// Whether an earlier sweep saw it too, and it is old enough.
bool Engine::Core::is_ripe(const InventoryItem& item, std::map<std::string, Time>& sightings)
{
    const auto key = sighting_key(item);
    const auto seen = sightings_.find(key);
    sightings[key] = seen == sightings_.end() ? now().wall : seen->second;
    return seen != sightings_.end() && now().wall - item.created_at >= youngest_orphan;
}

Result<Engine::Core::SweepPlan> Engine::Core::plan_sweep(const SweepRequest& request)
{
    const std::lock_guard one_at_a_time(sweep_mutex_);
    const auto inventory = TRY(take_inventory());
    SweepPlan sweep;
    std::map<std::string, Time> sightings;
    std::size_t ripe = 0;
    for (const auto& item : inventory.items) {
        auto judged = TRY(judge(item));
        if (!judged.finding) continue;
        sweep.report.findings.push_back(std::move(*judged.finding));
        if (!judged.orphan || !is_ripe(item, sightings)) continue;
        ++ripe;
        if (judged.orphan->ref.identity.empty()) judged.orphan->ref.identity = item.identity;
        sweep.orphans[item.mark.owner].push_back(std::move(*judged.orphan));
    }
    sightings_ = std::move(sightings);
    const auto cap = std::max(always_allowed, inventory.items.size() / 10);
    sweep.report.needs_confirmation = ripe > cap && !request.confirmed;
    if (request.dry_run || sweep.report.needs_confirmation) sweep.orphans.clear();
    return sweep;
}

/// A run of their owner, of kind sweep: journaled, in the order in which they needed each other, with proof, like every removal.
void Engine::Core::remove_orphans(const OwnerId& owner, std::vector<ResourceRow> rows, SubmitDone done)
{
    json::array names;
    for (auto& row : rows) {
        row.phase = Phase::removing;
        names.emplace_back(row.ref.name);
    }
    auto removal = plan(PlanInput{Graph{}, RunKind::destroy, false, rows, machine_world_.classify});
    if (!removal) return done(std::unexpected(removal.error()));
    RunRequest request;
    request.owner = owner;
    request.kind = RunKind::sweep;
    request.timeout = Engine::sweep_timeout;
    request.note = json::object{{"sweep", std::move(names)}};
    submit(std::move(request), {}, std::move(done), GivenPlan{std::move(*removal), std::move(rows)});
}

void Engine::Core::sweep(const SweepRequest& request, SweepDone done)
{
    auto sweep = plan_sweep(request);
    if (!sweep) return done(std::unexpected(sweep.error()));
    if (sweep->orphans.empty()) return done(std::move(sweep->report));
    struct Tally {
        SweepReport report;
        std::atomic<std::size_t> open;
        std::mutex mutex{};
    };
    auto tally = std::make_shared<Tally>(std::move(sweep->report), sweep->orphans.size());
    for (auto& [owner, rows] : sweep->orphans)
        remove_orphans(owner, std::move(rows), [tally, owner, done](const Result<EngineRunId>& run) {
            if (run) {
                const std::lock_guard lock(tally->mutex);
                tally->report.runs.push_back(*run);
            } else {
                log::warning("sweep: what is left of {} stays: {}", owner.str(), run.error().message);
            }
            if (--tally->open == 0) done(std::move(tally->report));
        });
}

Result<int> Engine::Core::count_removed(const EngineRunId& run)
{
    const auto view = TRY(wait(run, Engine::sweep_timeout));
    if (view.error) log::warning("sweep: run {} did not end well: {}", run.str(), view.error->message);
    return static_cast<int>(std::ranges::count(view.steps, StepState::done, &StepView::state));
}

}  // namespace ramet::engine
