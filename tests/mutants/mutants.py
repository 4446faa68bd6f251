"""Deliberate defects, each as the change of a few words of a source file, and what has to notice it.

The product holds no switch for them: `run_mutants.py` changes a copy of the checkout. A `find` that is not there exactly once means that
the code has moved on and the defect with it: that is an error, not a defect that was caught.
"""
from dataclasses import dataclass, field

SIMULATION = "simulation"  # ramet_simulation, release, until a seed violates something
PLACES = "places"          # ramet_simulation --places: crashes and lost answers at every place of small runs
GIT_HOST = "git_host"      # ramet_simulation --git-host: closings and quick pushes that a Git host tells of
FOREIGN = "foreign"        # ramet_simulation --foreign: things that are not ours, made to look as if they were
ENGINE = "unit/engine"     # the unit tests of that folder
STORAGE = "unit/storage"
DRIVERS = "crash/lost_answers"  # a real server, whose drivers' answers are lost one by one


@dataclass(frozen=True)
class Change:
    file: str
    find: str
    replace: str


@dataclass(frozen=True)
class Mutant:
    name: str
    caught_by: str
    changes: tuple = field(default_factory=tuple)


def mutant(name, caught_by, *changes):
    return Mutant(name, caught_by, tuple(Change(*change) for change in changes))


ENGINE_FILES = "src/engine/"
APPLY = ENGINE_FILES + "run_machine_apply.cpp"
REMOVE = ENGINE_FILES + "run_machine_remove.cpp"
UNDO = ENGINE_FILES + "run_machine_undo.cpp"
RESUME = ENGINE_FILES + "run_machine_resume.cpp"
MACHINE = ENGINE_FILES + "run_machine.cpp"
MEANS = ENGINE_FILES + "run_machine_means.cpp"
END = ENGINE_FILES + "run_machine_end.cpp"
RUNS = ENGINE_FILES + "executor_runs.cpp"
LANE = ENGINE_FILES + "executor_lane.cpp"
ADMISSION = ENGINE_FILES + "executor_admission.cpp"
RECOVERY = ENGINE_FILES + "executor_recovery.cpp"
LEASE = ENGINE_FILES + "lease.cpp"
HELD_LEASE = ENGINE_FILES + "lease.hpp"
LEASES = ENGINE_FILES + "executor_lease.cpp"
NEWS = ENGINE_FILES + "executor_look.cpp"
CALLS = ENGINE_FILES + "calls.cpp"
PLAN = ENGINE_FILES + "plan.cpp"
SWEEP = ENGINE_FILES + "sweep.cpp"
MEMORY_STORE = "tests/fakes/memory_run_store.cpp"
PROVIDER = "tests/simulation/provider.cpp"
BATCH = "src/storage/engine_batch.cpp"
LOOK = "src/app/preview_decision.cpp"
SETTLE = "src/app/settle_decision.cpp"
TURNS = "src/app/due_keys.cpp"
LOCAL = "src/targets/local/"

MUTANTS = [
    # INTENT and calls
    mutant("a call is made before its INTENT is on disk", SIMULATION,
           (RUNS, "            active.held = std::move(effects);\n",
            "            launch(owner, active, active.machine.on_committed(std::exchange(effects.calls, {}), now()), outbox);\n"
            "            active.held = std::move(effects);\n")),
    mutant("a call is made although its INTENT could not be written", SIMULATION,
           (LANE, "if (!result && is_transient(result.error().kind)) {", "if (!result && result.error().kind == ErrorKind::not_found) {"),
           (LANE, "    if (!result) return recover_from(", "    if (!result && !is_transient(result.error().kind)) return recover_from(")),
    mutant("an INTENT does not say which token its request has", SIMULATION,
           (MEANS, "record.token = token_of(*resource).str();", "")),
    mutant("the owner's nonce is made anew for each attempt", SIMULATION,
           (APPLY, "    ++step.attempt;\n    step.has_intent = true;\n",
            "    ++step.attempt;\n    row.ref.mark.nonce = random_hex(*world_.random, 16);\n    step.has_intent = true;\n")),
    mutant("an incarnation takes the name of the one before it", SIMULATION,
           (APPLY, "incarnation = std::max(incarnation, key.second + 1);", "incarnation = std::max(incarnation, key.second);")),

    # leases and epochs
    mutant("the store does not compare epochs", SIMULATION,
           (MEMORY_STORE, "if (batch.epoch && *batch.epoch != epoch)", "if (batch.epoch && *batch.epoch != epoch && batch.owner.empty())")),
    mutant("a take-over keeps the epoch of the one before", SIMULATION,
           (LEASES, "batch.epoch = records.lease.epoch + 1;", "batch.epoch = std::max<std::int64_t>(1, records.lease.epoch);")),
    mutant("who lost its lease goes on", SIMULATION,
           (LANE, "if (!result && is_transient(result.error().kind)) {", "if (!result) {")),
    mutant("the real store does not compare epochs", STORAGE,
           (BATCH, "return stored == *batch.epoch ?", "return *batch.epoch <= stored + 1'000 ?")),

    # several servers on one store
    mutant("a lease is taken from a holder that lives", SIMULATION,
           (LEASES, "    return watch_.is_over(lease,", "    if (!lease.holder.empty()) return true;\n    return watch_.is_over(lease,")),
    mutant("a successor does not wait for the margin", SIMULATION,
           (LEASE, "return now >= sighting.since + terms.term + terms.margin;", "return now >= sighting.since + terms.term;")),
    mutant("a renewal between the look and the take-over does not count", ENGINE,
           (LEASES, "batch.lease->from_until = records.lease.until;", "batch.lease->from_until.reset();")),
    mutant("the real store does not compare renewals", STORAGE,
           (BATCH, "WHERE owner_id = ? AND epoch = ? AND until = ?", "WHERE owner_id = ? AND epoch = ? AND until <> ? - 1")),
    mutant("nobody can see a renewal", SIMULATION,
           (LEASES, "lease.until = std::max(at.wall + terms.term, lease.until + Milliseconds{1});", "lease.until = std::max(lease.until, Time{});")),
    mutant("a holder begins calls until its lease ends", ENGINE,
           (HELD_LEASE, "now < asked_at + terms.term - terms.margin;", "now < asked_at + terms.term;")),
    mutant("a call that waited for its turn is made whatever became of the lease", SIMULATION,
           (RUNS, "return may_call(launch); };", "return launch.epoch > 0 || may_call(launch); };")),
    mutant("a removal that looked first is made whatever became of the lease", ENGINE,
           (CALLS, "    if (*outcome.removed) outcome.removed = check_lease(request, call);\n", "")),
    mutant("what waits is asked on whatever became of the lease", SIMULATION,
           (CALLS, "    if (const auto allowed = check_lease(request, call); !allowed)\n        return NotYet", "    if (const auto allowed = check_lease(request, call); !allowed && request.ref.path.empty())\n        return NotYet")),
    mutant("a lease counts from the answer to its renewal", ENGINE,
           (LANE, "    commit_began_ = began;\n", "    commit_began_ = std::max(began, world_.clock.monotonic());\n")),
    mutant("a holder writes until its lease ends", ENGINE,
           (LEASES, "return slot == slots_.end() ? under_way_.contains(owner) : !may_act(slot->second);", "return slot == slots_.end() && under_way_.contains(owner);")),
    mutant("a refused renewal is taken for one", ENGINE,
           (LEASES, "    if (result) {\n        slot->second.held", "    if (result || is_lost_lease(result.error())) {\n        slot->second.held")),
    mutant("a lease that is over is not let go", ENGINE,
           (LEASES, "                over.push_back(owner);\n", "                next = at + terms.term;\n")),
    mutant("a lease that is taken again does not wait for the calls of the one that was lost", ENGINE,
           (LEASES, "return slot == slots_.end() ? under_way_.contains(owner) : !may_act(slot->second);", "return slot != slots_.end() && !may_act(slot->second);")),
    mutant("what is idle is not given back", ENGINE,
           (LEASES, "    if (!is_shared()) return;\n    lease.until", "    if (!is_shared() || !batch.owner.empty()) return;\n    lease.until")),
    mutant("a renewal may look like the release before it", ENGINE,
           (LEASES, "    lease.until += Milliseconds{1};\n", ""),
           (LEASES, "batch.lease->to.until = lease.until;", "batch.lease->to.until += Milliseconds{1};")),
    mutant("what waits is cancelled without a look at the disk", ENGINE,
           (ENGINE_FILES + "executor_lane.cpp", "        if (has_begun_unseen(slot->second, *records)) {",
            "        if (item.owner.empty() && has_begun_unseen(slot->second, *records)) {")),
    mutant("who takes a sweep over sees only what it had begun", PLACES,
           (ENGINE_FILES + "executor_admission.cpp", "batch.resources = records.resources = item.given->rows;",
            "records.resources = item.given->rows;")),
    mutant("an orphan that could not be removed is forgotten", ENGINE,
           (ENGINE_FILES + "run_machine_end.cpp", "if (state == RunState::needs_human && setup_.run.kind == RunKind::sweep) close_again();",
            "if (state == RunState::kept && setup_.run.kind == RunKind::sweep) close_again();")),
    mutant("what is written already is given up for good when the answer was lost", ENGINE,
           (LEASES, "if (error.kind == ErrorKind::conflict && !is_lost_lease(error))", "if (error.kind == ErrorKind::not_found)")),
    mutant("a holder looks and takes up nothing", ENGINE,
           (NEWS, "    if (left) adopt(", "    if (left && left->begun && left->waiting.size() > 1'000) adopt(")),
    mutant("what nobody was told of is never noticed", ENGINE,
           (RECOVERY, "if (is_shared() && has_news && looks_", "if (is_shared() && has_news && each.cancels < 0 && looks_")),
    mutant("the generation that was queued last wins, not the newest", ENGINE,
           (RECOVERY, "[](const Waiting& each) { return each.row.generation; });", "[](const Waiting& each) { return each.row.generation * 0; });")),
    mutant("a cancel through another server is forgotten at its holder's next write", STORAGE,
           (BATCH, "    if (status.cancel == CancelRequest::requested)\n        TRY(transaction->post(\"UPDATE run SET cancel = ? WHERE id = ?\", {true, change.id}));",
            "    TRY(transaction->post(\"UPDATE run SET cancel = ? WHERE id = ?\",\n                             {status.cancel == CancelRequest::requested, change.id}));")),
    mutant("a cancel that came too late takes back a removal after a take-over", ENGINE,
           (RESUME, "const bool is_too_late = status.state == RunState::running && (", "const bool is_too_late = status.state == RunState::queued && (")),
    mutant("the sweep does not ask what other servers hold", ENGINE,
           (SWEEP, "return !records.unfinished.empty() || !is_takeable(records.lease);", "return records.lease.epoch < 0;")),

    # what is there
    mutant("one page of a listing is taken for all of it", SIMULATION,
           (PROVIDER, "for (std::size_t read = 0; read <= page; ++read)", "if (page > 0) return Observation{};\n    for (std::size_t read = 0; read <= page; ++read)")),
    mutant("what has our name is taken for ours", SIMULATION,
           (APPLY, "    if (is_ours) return on_found(index, *observed, now);", "    if (is_ours || observed->presence == Presence::foreign) return on_found(index, *observed, now);"),
           (APPLY, "const bool is_as_wanted = has_spec && observation.is_intact;", "const bool is_as_wanted = (has_spec && observation.is_intact) || observation.presence == Presence::foreign;")),
    mutant("\"absent\" is believed before the provider's horizon", SIMULATION,
           (MEANS, "    return world_.consistency_horizon(row.ref.kind);", "    return row.ref.kind.empty() ? world_.consistency_horizon(row.ref.kind) : Milliseconds{0};")),
    mutant("what the provider accepted to remove counts as gone", SIMULATION,
           (REMOVE, "const bool is_absent = observation.presence != Presence::ours;", "const bool is_absent = observation.presence != Presence::ours || step.verb == Verb::remove;"),
           (REMOVE, "if (is_absent && believes_absence(step)) return", "if (is_absent) return")),
    mutant("what was acknowledged counts as ready after a crash", SIMULATION,
           (RESUME, "    case RecordKind::observed:\n", "    case RecordKind::observed:\n    case RecordKind::ack:\n"),
           (RESUME, "    case RecordKind::ack:\n    case RecordKind::adopted:", "    case RecordKind::adopted:")),
    mutant("a failed look counts as absent", SIMULATION,
           (APPLY, "        return back_off(step, Next::probe, now);\n    }\n    if (observed->presence == Presence::absent)",
            "        return on_absent(index, now);\n    }\n    if (observed->presence == Presence::absent)")),

    # taking back and removing
    mutant("compensation forgets what was never answered", SIMULATION,
           (UNDO, "    if (made_here_.contains(step.row)) return Undo::remove;", "    if (!row.changed_at) return Undo::none;\n    if (made_here_.contains(step.row)) return Undo::remove;")),
    mutant("compensation leaves the new spec where an old one was good", SIMULATION,
           (UNDO, "    row.ref.spec = *row.last_good_spec;\n", "")),
    mutant("compensation forgets what a superseded run had changed", PLACES,
           (UNDO, "step.has_intent || row.spec_hash != spec_hash(*row.last_good_spec);", "step.has_intent;")),
    mutant("compensation takes back in any order", SIMULATION,
           (UNDO, "return other.plan.path != step.plan.path && contains(", "return other.plan.path == step.plan.path && contains(")),
    mutant("a spec is good before its run is", SIMULATION,
           (APPLY, "    row.phase = Phase::live;\n    record(step, RecordKind::observed,", "    row.last_good_spec = row.ref.spec;\n    row.phase = Phase::live;\n    record(step, RecordKind::observed,")),
    mutant("a row is closed without a TOMBSTONE", SIMULATION,
           (REMOVE, "    record(step, RecordKind::tombstone, json::object{{\"incarnation\", row.ref.incarnation}}, now);\n", "")),
    mutant("the old version is removed before the new one stands", SIMULATION,
           (MACHINE, "if (step.plan.stage == StepStage::remove && open_before_removal_ > 0) ++step.blockers;", "")),
    mutant("what was not replaced is removed as well", SIMULATION,
           (REMOVE, "if (removal.condition != RemovalCondition::when_replaced) return true;", "if (removal.condition != RemovalCondition::when_made) return true;")),
    mutant("things are removed before what needs them", SIMULATION,
           (PLAN, "if (removal->stage >= step.stage && removal->path != step.path) add_edge(*removal, step.key);", "if (removal->stage > step.stage && removal->path != step.path) add_edge(*removal, step.key);")),
    mutant("the end writes no receipt", SIMULATION,
           (END, "if (state == RunState::succeeded && setup_.run.kind == RunKind::destroy) write_receipt(now);", "")),
    mutant("the receipt leaves out what was replaced before", PLACES,
           (END, "if (row.absent_at) receipt", "if (row.absent_at && row.ref.incarnation == 1) receipt")),

    # runs
    mutant("two runs of one environment at once", SIMULATION,
           (ENGINE_FILES + "mailbox.cpp", "admission.starts_now = !active && waiting.empty();", "admission.starts_now = waiting.empty();")),
    mutant("a push gives up a removal that goes on", ENGINE,
           (ENGINE_FILES + "mailbox.cpp", "return removes(arriving) || !removes(other);", "return removes(arriving) || removes(other) || true;")),
    mutant("a superseded run ends while its calls are under way", SIMULATION,
           (MACHINE, "        if (is_settled()) conclude_stop(now);\n", "        if (is_settled() || stop_ == Stop::supersede) conclude_stop(now);\n")),
    mutant("a run has no deadline", SIMULATION,
           (MACHINE, "    if (now.steady < deadline_) return;\n", "    if (now.steady < deadline_ + Milliseconds{1'000'000'000}) return;\n")),
    mutant("two writes of one owner are decided on the same records", SIMULATION,
           (LANE, "return owner.empty() || touched.insert(owner).second;", "return owner.empty() || touched.insert(owner).second || !touched.empty();")),
    mutant("a cancelled run that waited begins all the same", SIMULATION,
           (LANE, "                std::erase_if(owned->second.waiting, [&item](const Waiting& each) { return each.row.id == item.run; });\n", "                owned->second.is_starting |= false;\n")),
    mutant("a changed journal is read as if it were whole", ENGINE,
           (ENGINE_FILES + "history.cpp", "if (record.prev_hash != previous)", "if (record.prev_hash != previous && record.seq == 0)")),

    # other people's things
    mutant("a removal needs no proof", FOREIGN,
           (CALLS, "    outcome.removed = check_proof(request, observation);\n    if (*outcome.removed) ", "    ")),
    mutant("the identity is no part of the proof", FOREIGN,
           (CALLS, "observation.identity != removal.expected_identity)\n", "observation.identity == \"nobody\")\n")),
    mutant("what is older than our INTENT is removed", FOREIGN,
           (CALLS, "*observation.created_at + clock_tolerance < intent_at;", "*observation.created_at + clock_tolerance == intent_at;")),
    mutant("what has our name and not our nonce is removed", FOREIGN,
           (CALLS, "if (!*outcome.observed || (*outcome.observed)->presence != Presence::ours) return outcome;", "if (!*outcome.observed || (*outcome.observed)->presence == Presence::absent) return outcome;"),
           (CALLS, "if (observation.presence != Presence::ours) return refuse", "if (observation.presence == Presence::absent) return refuse")),

    # the sweep
    mutant("the sweep removes what it sees for the first time", FOREIGN,
           (SWEEP, "return seen != sightings_.end() && now()", "return now()")),
    mutant("the sweep removes what is young", FOREIGN,
           (SWEEP, "&& now().wall - item.created_at >= youngest_orphan;", "&& now().wall - item.created_at >= youngest_orphan / 1'000'000;")),
    mutant("the sweep concludes from half an inventory", FOREIGN,
           (SWEEP, "        if (!items) return fail_in(items.error(), \"inventory of \" + kind);\n", "        if (!items) continue;\n")),
    mutant("the sweep never asks", FOREIGN,
           (SWEEP, "needs_confirmation = ripe > cap && !request.confirmed;", "needs_confirmation = ripe > cap * 1'000 && !request.confirmed;")),
    mutant("the sweep takes what is alive for an orphan", FOREIGN,
           (SWEEP, "return row.phase == Phase::gone && row.ref.mark == item.mark && is_same;", "return row.ref.mark.owner == item.mark.owner && is_same;"),
           (SWEEP, "if (row && row->phase != Phase::gone && row->ref.mark == item.mark) return Judged{};", "")),

    # from a pull request to a run
    mutant("a 404 of the Git host counts as closed", SIMULATION,
           (LOOK, "    if (!answer) return {.act = PreviewAct::unknown,",
            "    const bool hides = !answer && answer.error().kind == ErrorKind::not_found && known.preview;\n    if (!answer) return {.act = hides ? PreviewAct::destroy : PreviewAct::unknown,")),
    mutant("an outage of the Git host counts as closed", SIMULATION,
           (LOOK, "    if (!answer) return {.act = PreviewAct::unknown,",
            "    const bool is_out = !answer && is_transient(answer.error().kind) && known.preview;\n    if (!answer) return {.act = is_out ? PreviewAct::destroy : PreviewAct::unknown,")),
    mutant("the same head is deployed at each look", SIMULATION,
           (LOOK, "    if (preview.commit == pull.head_commit && preview.submitted == pull.head_commit) return PreviewAct::nothing;\n", "")),
    mutant("a close that was missed is not looked for", SIMULATION,
           (LOOK, "        if (environment.pull_request != 0) numbers.insert(environment.pull_request);\n", "        if (environment.pull_request == 0) numbers.insert(environment.pull_request);\n")),
    mutant("what a person ended is made again", SIMULATION,
           (LOOK, "return known.was_ended ? PreviewAct::nothing : PreviewAct::open;", "return PreviewAct::open;")),
    mutant("a pull request that keeps its preview when it is merged loses it", SIMULATION,
           (LOOK, "if (wish == clone::Wish::as_it_is) return", "if (wish == clone::Wish::as_it_is && !known.preview) return"),
           (LOOK, "const bool ends = wish == clone::Wish::not_wanted && ", "const bool ends = wish != clone::Wish::awaiting && ")),
    mutant("a run of another commit settles the row", SIMULATION,
           (SETTLE, "run->generation == row.desired_generation && run->commit == row.commit;", "run->generation == row.desired_generation;")),
    mutant("a preview is forgotten although its removal failed", SIMULATION,
           (SETTLE, "    if (ended == RunState::succeeded) return Settling::bury;", "    if (ended != RunState::superseded) return Settling::bury;")),
    mutant("a hint is lost while its pull request is being looked at", GIT_HOST,
           (TURNS, "    const auto [found, is_new] = waiting_.emplace(key, due);", "    if (running_.contains(key)) return false;\n    const auto [found, is_new] = waiting_.emplace(key, due);")),

    # the real drivers
    mutant("a folder that is there is not found", DRIVERS,
           (LOCAL + "postgres/marked_folder.cpp", "    seen.external_id = path().string();\n", "")),
    mutant("a shim counts as ended while it runs", DRIVERS,
           (LOCAL + "held_shim.cpp", "!= engine::Presence::ours) return true;", "== engine::Presence::ours) return true;")),
    mutant("a route stays when its service is gone", DRIVERS,
           (LOCAL + "route_driver.cpp", "    return routes_.remove(route->host, route->owner);", "    return {};")),
]
