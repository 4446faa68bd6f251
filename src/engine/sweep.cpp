#include "base/log.hpp"
#include "engine/executor_core.hpp"

#include <algorithm>
#include <future>
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

Result<SweepReport::Finding> Engine::Core::judge(const InventoryItem& item, bool& is_finding)
{
    is_finding = false;
    SweepReport::Finding finding{item, ""};
    if (item.mark.install != options_.install || is_busy(item.mark.owner)) return finding;
    const auto row = TRY(world_.store.find_resource(item.kind, item.name));
    if (row && row->phase != Phase::gone && row->ref.mark == item.mark) return finding;
    is_finding = true;
    finding.verdict = row && is_orphan(item, *row) ? orphan : unmatched;
    return finding;
}

/// Its owner's own run of kind sweep: journaled, with proof, like every removal.
Result<void> Engine::Core::remove_orphan(const InventoryItem& item)
{
    auto row = TRY(world_.store.find_resource(item.kind, item.name));
    if (!row) return fail(ErrorKind::not_found, "the ledger has lost {}", item.name);
    row->phase = Phase::removing;
    row->absent_at.reset();
    if (row->ref.identity.empty()) row->ref.identity = item.identity;
    PlanStep step;
    step.key = "sweep " + row->ref.path + " #" + std::to_string(row->ref.incarnation);
    step.action = StepAction::remove;
    step.stage = StepStage::remove;
    step.path = row->ref.path;
    step.kind = row->ref.kind;
    step.incarnation = row->ref.incarnation;
    RunRequest request;
    request.owner = row->ref.mark.owner;
    request.kind = RunKind::sweep;
    request.timeout = Engine::sweep_timeout;
    request.note = json::object{{"sweep", item.name}};
    const auto answer = std::make_shared<std::promise<Result<EngineRunId>>>();
    submit(
        request, {}, [answer](Result<EngineRunId> run) { answer->set_value(std::move(run)); },
        GivenPlan{Plan{{step}}, {*row}});
    const auto run = TRY(answer->get_future().get());
    const auto view = TRY(wait(run, Engine::sweep_timeout));
    if (view.state == RunState::succeeded) return {};
    return std::unexpected(
        view.error.value_or(Error{ErrorKind::unavailable, "the run " + run.str() + " did not end well"}));
}

Result<SweepReport> Engine::Core::sweep(const SweepRequest& request)
{
    const std::lock_guard one_at_a_time(sweep_mutex_);
    const auto inventory = TRY(take_inventory());
    SweepReport report;
    std::map<std::string, Time> sightings;
    std::vector<InventoryItem> ripe;
    for (const auto& item : inventory.items) {
        bool is_finding = false;
        auto finding = TRY(judge(item, is_finding));
        if (!is_finding) continue;
        report.findings.push_back(finding);
        if (finding.verdict != orphan) continue;
        const auto key = sighting_key(item);
        const auto seen = sightings_.find(key);
        sightings[key] = seen == sightings_.end() ? now().wall : seen->second;
        const bool is_old = now().wall - item.created_at >= youngest_orphan;
        if (seen != sightings_.end() && is_old) ripe.push_back(item);
    }
    sightings_ = std::move(sightings);
    const auto cap = std::max(always_allowed, inventory.items.size() / 10);
    report.needs_confirmation = ripe.size() > cap && !request.confirmed;
    if (request.dry_run || report.needs_confirmation) return report;
    for (const auto& item : ripe) {
        const auto removed = remove_orphan(item);
        if (removed)
            ++report.removed;
        else
            log::warning("sweep: {} stays: {}", item.name, removed.error().message);
    }
    return report;
}

}  // namespace ramet::engine
