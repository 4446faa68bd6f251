#include "app/deploy.hpp"

#include "app/admission.hpp"
#include "app/audit.hpp"
#include "app/data_choice.hpp"
#include "app/ended.hpp"
#include "app/environment_notes.hpp"
#include "app/ledger_guard.hpp"
#include "app/preparation.hpp"
#include "app/report.hpp"
#include "app/snapshot_ledger.hpp"
#include "base/text.hpp"
#include "clone/desired_json.hpp"
#include "clone/guard.hpp"

namespace ramet::app {

namespace {

using Outcome = Deployed::Outcome;

bool is_first(const Wanted& wanted)
{
    return wanted.environment.observed_generation == 0;
}

std::string words_of(const std::vector<Error>& errors)
{
    std::vector<std::string> words;
    for (const auto& error : errors)
        words.push_back((error.where.empty() ? "" : error.where + ": ") + error.message +
                        (error.next_step.empty() ? "" : "; " + error.next_step));
    return join(words, "\n");
}

bool has_wishes(const DeployOptions& options)
{
    return options.when == DeployOptions::When::always || !options.reset.empty() || !options.restore.empty() ||
           !options.restart.empty() || !options.scale.empty();
}

/// Writes why nothing happens into the row, where `ramet why`, the page and the comment find it.
Result<Deployed> show(App& app, const Wanted& wanted, EnvironmentState state, const std::string& reason,
                      Outcome outcome, const DeployOptions& pending)
{
    const auto& environment = wanted.environment;
    const bool is_known = environment.state == state && environment.reason == reason;
    const bool keeps_wishes = outcome != Outcome::refused && (!is_known || has_wishes(pending));
    if (is_known && !keeps_wishes) return Deployed{outcome, {}, reason};
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        if (keeps_wishes) TRY(save_pending(app, transaction, environment.id, pending));
        if (is_known) return {};
        TRY(app.stores.environments.set_state(transaction, environment.id, state, reason, app.clock.now()));
        return post_report(app, transaction, environment.id);
    }));
    if (!is_known) state_changed(app, environment);
    return Deployed{outcome, {}, reason};
}

/// What is wanted was submitted before: when it also succeeded, whatever was said since (a faulty file, a wait) holds no longer.
Result<Deployed> leave_unchanged(App& app, const Wanted& wanted)
{
    const auto& environment = wanted.environment;
    const bool was_said =
        environment.state == EnvironmentState::degraded || environment.state == EnvironmentState::updating;
    if (!was_said || wanted.previous->generation != environment.observed_generation) return Deployed{};
    TRY(app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.environments.set_state(transaction, environment.id, EnvironmentState::ready, {},
                                              app.clock.now()));
        TRY(forget_pending(app, transaction, environment.id));
        return post_report(app, transaction, environment.id);
    }));
    state_changed(app, environment);
    return Deployed{};
}

Result<Deployed> refuse(App& app, const Wanted& wanted, const std::vector<Error>& refusals)
{
    const auto words = app.redactor.redact(words_of(refusals));
    if (is_first(wanted)) return show(app, wanted, EnvironmentState::failed, words, Outcome::refused, {});
    return show(app, wanted, EnvironmentState::degraded, words + "\nwhat was there before still serves",
                Outcome::refused, {});
}

Result<Deployed> wait_for(App& app, const Wanted& wanted, const std::string& reason, const DeployOptions& options)
{
    const auto state = is_first(wanted) ? EnvironmentState::creating : EnvironmentState::updating;
    return show(app, wanted, state, reason, Outcome::waiting, options);
}

/// What could not be decided now is tried again. Until then the reason stands where `ramet why` finds it; what serves is left alone.
Result<Deployed> tell_outage(App& app, const Wanted& wanted, const Error& error, const DeployOptions& options)
{
    const auto& environment = wanted.environment;
    const bool waits =
        environment.state == EnvironmentState::creating || environment.state == EnvironmentState::updating;
    const auto words = app.redactor.redact("it is tried again: " + error.message);
    const auto evidence = error.evidence.empty() ? std::string() : "\n" + app.redactor.redact(error.evidence);
    // The evidence may differ a little each time: written once.
    if (waits && !environment.reason.starts_with(words)) TRY(wait_for(app, wanted, words + evidence, options));
    return std::unexpected(error);
}

/// What people asked for beside the file: restarts and replicas.
void apply_wishes(DesiredEnvironment& desired, const std::optional<DesiredEnvironment>& previous,
                  const DeployOptions& options)
{
    for (auto& service : desired.services) {
        const DesiredService* before = nullptr;
        if (previous)
            for (const auto& candidate : previous->services)
                if (candidate.name == service.name) before = &candidate;
        service.restarts_asked =
            (before == nullptr ? 0 : before->restarts_asked) + (options.restart.contains(service.name) ? 1 : 0);
        const auto scale = options.scale.find(service.name);
        if (scale != options.scale.end()) service.declared.replicas = scale->second;
    }
}

bool is_same(DesiredEnvironment desired, const DesiredEnvironment& previous)
{
    desired.generation = previous.generation;
    return to_canonical_text(to_json(desired)) == to_canonical_text(to_json(previous));
}

/// A restart changes nothing that render looks at; the count in the spec makes it a new version.
void count_restarts(engine::Graph& graph, const DesiredEnvironment& desired)
{
    for (const auto& service : desired.services) {
        if (service.restarts_asked == 0) continue;
        for (auto& node : graph.nodes)
            if (node.path == "service/" + service.name && node.spec.is_object())
                node.spec.as_object()["restarts_asked"] = service.restarts_asked;
    }
}

engine::RunRequest run_request(const Wanted& wanted, const DesiredEnvironment& desired, engine::Graph graph,
                               const DeployOptions& options)
{
    engine::RunRequest request;
    request.owner = owner_of(desired.id);
    request.generation = desired.generation;
    request.kind = engine::RunKind::apply;
    request.graph = std::move(graph);
    request.probe_all = options.when == DeployOptions::When::always;
    request.on_failure = desired.deploy.on_failure == OnFailure::roll_back ? engine::FailurePolicy::roll_back
                                                                           : engine::FailurePolicy::keep_last_good;
    request.keep_failed = desired.deploy.keep_failed;
    request.timeout = desired.deploy.timeout;
    request.note = json::object{{"project", wanted.project.name},
                                {"name", desired.name},
                                {"commit", desired.commit.str()},
                                {"by", options.asked_by}};
    return request;
}

/// A host that another project took in between is a conflict: the next attempt gets another name.
Result<void> claim_hosts(App& app, storage::Transaction& transaction, const Wanted& wanted,
                         const DesiredEnvironment& desired)
{
    for (const auto& service : desired.services)
        for (const auto& host : service.public_hosts) {
            const auto dot = host.find('.');
            const storage::Hosts::Claim claim{host.substr(0, dot), host.substr(dot + 1), desired.id, service.name,
                                              wanted.project.name};
            const auto given = TRY(app.stores.hosts.ensure(transaction, claim));
            if (given != host) return fail(ErrorKind::unavailable, "the host {} was taken at the same moment", host);
        }
    return {};
}

/// What the trusted file lets a preview reach, each time that it is deployed so.
Result<void> audit_accepted(App& app, storage::Transaction& transaction, const Wanted& wanted, const Prepared& prepared)
{
    for (const auto& violation : prepared.accepted)
        TRY(audit(app, transaction,
                  {"previews.allow_reach", "reach.accepted", wanted.project.id, wanted.environment.name,
                   json::object{{"reach", clone::describe(violation)}}}));
    return {};
}

/// The row, the desired environment and the run in one transaction.
Result<Deployed> submit(App& app, const Wanted& wanted, const Prepared& prepared, const DeployOptions& options)
{
    auto graph = TRY(app.target.render(prepared.desired));
    count_restarts(graph, prepared.desired);
    TRY(keep_snapshots(app, prepared.desired.id, graph));
    auto row = wanted.environment;
    row.desired_generation = prepared.desired.generation;
    row.state = is_first(wanted) ? EnvironmentState::creating : EnvironmentState::updating;
    row.reason.clear();
    row.updated_at = app.clock.now();
    const auto extra = app.database.beside_run([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.environments.update(transaction, row, wanted.environment.desired_generation));
        TRY(save_submitted(app, transaction, row.id, to_text(to_json(prepared.desired)), prepared.notes));
        TRY(app.stores.queue.remove(transaction, row.id));
        TRY(claim_hosts(app, transaction, wanted, prepared.desired));
        TRY(audit_accepted(app, transaction, wanted, prepared));
        TRY(post_report(app, transaction, row.id));
        return audit(app, transaction,
                     {options.asked_by.empty() ? "ramet" : options.asked_by, "environment.deploy", row.project,
                      row.name, json::object{{"commit", row.commit.str()}, {"generation", row.desired_generation}}});
    });
    const auto run = TRY(app.engine.submit(run_request(wanted, prepared.desired, std::move(graph), options), extra));
    state_changed(app, row);
    return Deployed{Outcome::started, run.str(), {}};
}

/// One after the other: of two that come at the same moment, only one gets the last place.
Result<Deployed> enter(App& app, const Wanted& wanted, const Prepared& prepared, const DeployOptions& options)
{
    return app.work.run_exclusive("admission/" + wanted.project.id.str(), [&]() -> Result<Deployed> {
        const auto held_back = TRY(check_admission(app, wanted, prepared));
        if (!held_back.empty()) return show(app, wanted, EnvironmentState::queued, held_back, Outcome::queued, options);
        return submit(app, wanted, prepared, options);
    });
}

struct Made {
    Prepared prepared{};
    std::string held_back{};
    std::string wait_for{};
};

/// Prepares, admits and chooses the data; again with the fall-back of each database of which no golden copy can be had.
Result<Made> make_ready(App& app, Wanted& wanted, const DeployOptions& options)
{
    for (;;) {
        Made made;
        made.prepared = TRY(prepare(app, wanted, Generating::stored));
        if (!made.prepared.refusals.empty()) return made;
        apply_wishes(made.prepared.desired, wanted.previous, options);
        made.prepared.desired.generation = wanted.environment.desired_generation + 1;
        made.held_back = TRY(check_admission(app, wanted, made.prepared));
        if (!made.held_back.empty()) return made;
        auto data = TRY(choose_data(app, wanted, made.prepared, options));
        made.wait_for = std::move(data.wait_for);
        if (data.without_golden.empty()) return made;
        wanted.without_golden.merge(data.without_golden);  // Each round names one more database, so this ends.
    }
}

}  // namespace

engine::OwnerId owner_of(const EnvironmentId& id)
{
    return engine::OwnerId(id.str());
}

Result<Deployed> deploy_environment(App& app, const EnvironmentId& id, const DeployOptions& asked)
{
    auto wanted = TRY(load_wanted(app, id));
    if (wanted.environment.state == EnvironmentState::deleting) return Deployed{};
    TRY(forget_failed_restores(app, wanted));
    const auto options = TRY(with_pending(app, id, asked));
    if (options.reset.empty()) wanted.without_golden = kept_fall_backs(wanted.previous);
    auto made = make_ready(app, wanted, options);
    if (!made && is_transient(made.error().kind)) return tell_outage(app, wanted, made.error(), options);
    if (!made) return refuse(app, wanted, {made.error()});
    if (!made->prepared.refusals.empty()) return refuse(app, wanted, made->prepared.refusals);
    if (!made->held_back.empty())
        return show(app, wanted, EnvironmentState::queued, made->held_back, Outcome::queued, options);
    if (!made->wait_for.empty()) return wait_for(app, wanted, made->wait_for, options);
    const auto& desired = made->prepared.desired;
    if (options.when == DeployOptions::When::changed && wanted.previous && is_same(desired, *wanted.previous))
        return leave_unchanged(app, wanted);
    if (needs_room(wanted.environment)) return enter(app, wanted, made->prepared, options);
    return submit(app, wanted, made->prepared, options);
}

Result<std::string> destroy_environment(App& app, const EnvironmentId& id, const std::string& asked_by, Again again)
{
    const auto wanted = TRY(load_wanted(app, id));
    TRY(check_removes_its_own(app, wanted.environment));
    auto row = wanted.environment;
    engine::RunRequest request;
    request.owner = owner_of(id);
    request.generation = row.desired_generation + 1;
    request.kind = engine::RunKind::destroy;
    if (wanted.previous) request.graph = TRY(app.target.render_before_delete(*wanted.previous));
    request.note = json::object{{"project", wanted.project.name}, {"name", row.name}, {"by", asked_by}};
    row.desired_generation = request.generation;
    row.state = EnvironmentState::deleting;
    row.reason.clear();
    row.updated_at = app.clock.now();
    const auto extra = app.database.beside_run([&](storage::Transaction& transaction) -> Result<void> {
        TRY(app.stores.environments.update(transaction, row, wanted.environment.desired_generation));
        TRY(app.stores.queue.remove(transaction, id));
        if (again == Again::for_newer_commit) TRY(save_ended(app, transaction, row));
        return audit(app, transaction, {asked_by, "environment.delete", row.project, row.name, nullptr});
    });
    const auto run = TRY(app.engine.submit(request, extra));
    state_changed(app, row);
    return run.str();
}

}  // namespace ramet::app
