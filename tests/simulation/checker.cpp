#include "simulation/checker.hpp"

#include "engine/fill.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

void Checker::violate(std::string what)
{
    violations_.push_back(std::move(what));
}

const RunStatus* Checker::find_status(const EngineRunId& run) const
{
    const auto found = runs_.find(run);
    return found == runs_.end() ? nullptr : &found->second;
}

void Checker::on_accepted(const Batch& batch)
{
    auto& [epoch, holder] = epochs_[batch.owner];
    if (batch.lease) {
        const auto& to = batch.lease->to;
        // A renewal, or the end of it; also of what was given back by a write whose answer was lost.
        const bool is_kept = to.epoch == epoch && (to.holder == holder || to.holder.empty());
        if (to.epoch <= epoch && !is_kept) violate(fmt::format("I7: the epoch of {} did not grow", batch.owner.str()));
        epoch = std::max(epoch, to.epoch);
        if (!to.holder.empty()) holder = to.holder;
    }
    if (batch.epoch && *batch.epoch != epoch)
        violate(fmt::format("I7: a write of epoch {} was accepted for {}, which is at {}", *batch.epoch,
                            batch.owner.str(), epoch));
    if (batch.new_run) {
        kinds_[batch.new_run->id] = batch.new_run->kind;
        if (batch.new_run->kind == RunKind::sweep)
            to_sweep_[batch.new_run->id] = batch.new_run->note.at("sweep").as_array().size();
    }
    check_rows(batch);
    check_records(batch);
    if (batch.new_run) {
        rolls_back_[batch.new_run->id] = get_string(batch.new_run->request, "on_failure") == "roll_back";
        check_status(batch.owner, batch.new_run->id, batch.new_run->status);
    }
    for (const auto& change : batch.runs) check_status(batch.owner, change.id, change.status);
}

void Checker::check_rows(const Batch& batch)
{
    // What is there again although its row was closed is taken away by a run of its own.
    const bool sweeps =
        (batch.new_run && batch.new_run->kind == RunKind::sweep) ||
        std::ranges::any_of(batch.records, [&](const auto& record) { return kinds_[record.run] == RunKind::sweep; });
    // One that needs a human leaves what it could not remove as it found it: closed, with the absence seen before.
    const bool gives_up = std::ranges::any_of(batch.runs, [&](const RunChange& run) {
        return kinds_[run.id] == RunKind::sweep && run.status.state == RunState::needs_human;
    });
    for (const auto& resource : batch.resources) {
        const auto& ref = resource.ref;
        auto& row = rows_[ref.name];
        if (ref.mark.owner != batch.owner) violate("I10: a row of another owner is written: " + ref.name);
        if (!row.nonce.empty() && row.nonce != ref.mark.nonce) violate("I8: the nonce of " + ref.name + " changed");
        const bool closes = resource.phase == Phase::gone && row.phase != Phase::gone && !gives_up;
        const bool has_tombstone = std::ranges::any_of(
            batch.records, [&](const JournalRecord& record) { return record.kind == RecordKind::tombstone; });
        if (closes && (!has_tombstone || !resource.absent_at))
            violate("I6: " + ref.name + " is closed without a TOMBSTONE");
        if (sweeps && row.phase != Phase::gone && row.phase != Phase::removing)
            violate("the sweep takes " + ref.name + ", which is not gone");
        if (row.phase == Phase::gone && resource.phase != Phase::gone && !row.nonce.empty() && !sweeps)
            violate("I6: " + ref.name + " is opened again");
        const auto good = resource.last_good_spec ? spec_hash(*resource.last_good_spec) : std::string();
        if (resource.phase == Phase::live && good == resource.spec_hash && good != row.good_hash)
            for (const auto& record : batch.records) made_good_.insert(record.run);
        row = Row{ref.mark.owner,
                  ref.path,
                  ref.mark.nonce,
                  resource.spec_hash,
                  ref.identity,
                  resource.phase,
                  to_text(ref.spec),
                  resource.depends_on,
                  resource.last_good_spec.has_value(),
                  good};
    }
}

void Checker::check_records(const Batch& batch)
{
    for (const auto& record : batch.records) {
        if (record.seq != ++last_seq_[record.run]) violate("the journal of " + record.run.str() + " has a gap");
        if (record.kind == RecordKind::tombstone && to_sweep_[record.run] > 0) --to_sweep_[record.run];
        if (record.kind != RecordKind::intent && record.kind != RecordKind::compensate_intent) continue;
        const auto name = get_string(record.outcome, "name");
        const auto row = rows_.find(name);
        if (row == rows_.end() || row->second.nonce.empty() || record.token.empty())
            violate("I2: the INTENT of " + record.step + " does not say how to find " + name);
        intents_[name].insert(record.epoch);
        const bool makes = record.kind == RecordKind::intent && record.outcome.as_object().contains("nonce");
        // What vanished meanwhile is made again, and what needs it with it.
        if (makes && made_good_.contains(record.run) && !has_lost_something(batch.owner))
            violate("run " + record.run.str() + " took a spec for good before all that it makes stood: " + name);
        if (record.kind != RecordKind::compensate_intent) continue;
        undone_.insert(name);
        undone_by_[record.run].insert(name);
    }
}

void Checker::on_call(std::string_view verb, const ResourceRef& ref, std::int64_t epoch)
{
    const auto found = intents_.find(ref.name);
    if (found == intents_.end() || !found->second.contains(epoch))
        violate(fmt::format("I1: {} of {} in epoch {} without a committed INTENT", verb, ref.name, epoch));
    if (ref.mark.nonce.empty() || ref.name.empty())
        violate(fmt::format("I3: {} of {} carries no mark", verb, ref.path));
    const auto row = rows_.find(ref.name);
    if (row != rows_.end() && row->second.owner != ref.mark.owner)
        violate(fmt::format("I10: {} of {} for another owner", verb, ref.name));
    if (verb == "remove") check_order(ref);
}

void Checker::on_made(const std::string& name)
{
    if (!made_.insert(name).second) made_twice_.insert(name);
}

/// What still stands and needs it goes before it, unless there is another one at its path.
void Checker::check_order(const ResourceRef& removed)
{
    const auto is_at_path = [&](const auto& entry) {
        // What vanished by itself left behind what needs it: that is no doing of ours.
        return entry.first != removed.name && entry.second.owner == removed.mark.owner &&
               entry.second.path == removed.path &&
               (entry.second.phase != Phase::gone || vanished_.contains(entry.first));
    };
    if (std::ranges::any_of(rows_, is_at_path)) return;
    // What a compensation gave its good spec back may need what an earlier run had begun to take away.
    const bool undoes = undone_.contains(removed.name);
    for (const auto& [name, row] : rows_)
        if (row.owner == removed.mark.owner && row.phase != Phase::gone && is_there(name) && !(undoes && row.is_good) &&
            std::ranges::find(row.depends_on, removed.path) != row.depends_on.end())
            violate(fmt::format("{} is removed, and {} still needs it", removed.name, name));
}

void Checker::on_truth(const std::vector<Truth>& objects)
{
    truth_ = objects;
    for (const auto& object : objects) {
        const auto row = rows_.find(object.name);
        if (row == rows_.end())
            violate("I2: " + object.name + " is there and the ledger does not know it");
        else if (row->second.phase == Phase::gone && !brought_back_.contains(object.name))
            violate("I4, I6: " + object.name + " is there and the ledger says that it is gone: leaked");
    }
}

void Checker::check_status(const OwnerId& owner, const EngineRunId& run, const RunStatus& status)
{
    const auto before = runs_.find(run);
    if (before != runs_.end() && is_final(before->second.state) && status.state != before->second.state)
        violate("run " + run.str() + " went on after its end");
    if (status.state == RunState::running && !good_before_.contains(run)) {
        auto& good = good_before_[run];
        for (const auto& [name, row] : rows_)
            if (row.owner == owner && row.is_good && row.phase == Phase::live) good.emplace(name, row.good_hash);
    }
    runs_[run] = status;
    auto& active = active_[owner];
    const bool is_active = !is_final(status.state) && status.state != RunState::queued;
    if (is_active)
        active.insert(run);
    else
        active.erase(run);
    if (active.size() > 1) violate("two runs of " + owner.str() + " are active at once");
    if (is_final(status.state) && !status.ended_at) violate("run " + run.str() + " has ended at no time");
    if (is_final(status.state)) check_end(owner, run, status);
}

/// A run that was taken back leaves what was good before it.
void Checker::check_return(const EngineRunId& run)
{
    for (const auto& [name, hash] : good_before_[run]) {
        const auto& row = rows_[name];
        if (row.phase == Phase::gone && !vanished_.contains(name))
            violate("run " + run.str() + " was taken back, and " + name + ", which was good before, is gone");
        if (row.phase == Phase::live && row.spec_hash != hash && row.spec_hash != row.good_hash)
            violate("I5: run " + run.str() + " was taken back, and " + name + " is not as it was good");
    }
}

/// What a run took back is as it was good before, or gone.
void Checker::check_undone(const EngineRunId& run)
{
    for (const auto& name : undone_by_[run]) {
        const auto& row = rows_[name];
        const auto before = good_before_[run].find(name);
        if (before != good_before_[run].end() && row.phase == Phase::live && row.spec_hash != before->second &&
            row.spec_hash != row.good_hash)
            violate("I5: run " + run.str() + " was taken back, and " + name + " is not as it was good");
    }
}

bool Checker::has_lost_something(const OwnerId& owner) const
{
    return std::ranges::any_of(vanished_, [&](const std::string& name) {
        const auto row = rows_.find(name);
        return row != rows_.end() && row->second.owner == owner;
    });
}

bool Checker::is_there(const std::string& name) const
{
    return std::ranges::find(truth_, name, &Truth::name) != truth_.end();
}

void Checker::check_end(const OwnerId& owner, const EngineRunId& run, const RunStatus& status)
{
    const bool is_destroy = kinds_[run] == RunKind::destroy;
    const bool is_apply = kinds_[run] == RunKind::apply;
    const bool undid = status.state == RunState::rolled_back || status.state == RunState::cancelled;
    if (undid && rolls_back_[run] && is_apply) check_return(run);
    if (undid) check_undone(run);
    if (status.state == RunState::succeeded && to_sweep_[run] > 0)
        violate(fmt::format("the sweep {} succeeded and left {} orphans", run.str(), to_sweep_[run]));
    for (const auto& [name, row] : rows_) {
        if (row.owner != owner || row.phase == Phase::gone) continue;
        if (status.state == RunState::succeeded && is_destroy)
            violate("the destroy " + run.str() + " succeeded and " + name + " is not gone");
        if (status.state == RunState::succeeded && is_apply && row.phase != Phase::live)
            violate("run " + run.str() + " succeeded and " + name + " is " + std::string(to_string(row.phase)));
        if (status.state == RunState::succeeded && is_apply && !vanished_.contains(name)) {
            const auto object = std::ranges::find(truth_, name, &Truth::name);
            if (object == truth_.end() || object->nonce != row.nonce)
                violate("I8: run " + run.str() + " succeeded and " + name + " is not there, or not ours");
            else if (object->spec_hash != row.spec_hash)
                violate("run " + run.str() + " succeeded and " + name + " is not as the ledger says");
        }
        // A run that was never active had nothing to undo.
        if (undid && rolls_back_[run] && is_apply && !row.is_good && last_seq_.contains(run))
            violate("I5: run " + run.str() + " was taken back and left " + name);
    }
}

}  // namespace ramet::simulation
