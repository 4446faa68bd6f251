#include "app/plans.hpp"

#include "app/preparation.hpp"
#include "app/scoping.hpp"
#include "app/values.hpp"
#include "app/views.hpp"
#include "clone/difference.hpp"
#include "domain/names.hpp"
#include "variables/explain.hpp"

namespace ramet::app {

namespace {

/// What shall be planned, as if its row stood there already.
Result<Wanted> imagine(App& app, const Caller& caller, const storage::Project& project, const PlanRequest& request)
{
    const auto file = TRY(parse_file(project.file_text, project.file_name));
    if (!file.previews) return fail(ErrorKind::refused, "the file of {} has no `previews:`", project.name);
    Wanted wanted;
    wanted.project = project;
    auto& row = wanted.environment;
    row.id = EnvironmentId("planned");
    row.project = project.id;
    row.origin = EnvironmentOrigin::preview;
    row.target = file.previews->target;
    row.created_by = caller.name;
    wanted.base = TRY(app.stores.environments.find_by_name(project.id, file.previews->base));
    if (!wanted.base) return fail(ErrorKind::conflict, "the base {} is not registered", file.previews->base);
    row.base = wanted.base->id;
    if (request.pull_request != 0) {
        const auto forge = TRY(app.forges.open(project));
        const auto pull = TRY(forge->get_pull_request(project.connection.repository, request.pull_request));
        row.commit = pull.head_commit;
        row.branch = pull.head_branch;
        row.pull_request = pull.number;
        row.created_by = pull.author;
        row.name = fmt::format("pr-{}", pull.number);
        return wanted;
    }
    const auto source = TRY(git_source(app, project));
    row.branch = request.branch;
    row.commit = TRY(app.git.fetch_ref(source, "refs/heads/" + request.branch));
    row.name = preview_name_of_branch(request.branch);
    return wanted;
}

/// A base or a preview that exists, at the newest commit of what it follows.
Result<Wanted> take_existing(App& app, const Caller& caller, const PlanRequest& request)
{
    const auto found = TRY(get_visible_environment(app, caller, EnvironmentName{request.project, request.environment}));
    auto wanted = TRY(load_wanted(app, found.environment.id));
    if (wanted.project.repository_url.empty() || wanted.environment.branch.empty()) return wanted;
    const auto source = TRY(git_source(app, wanted.project));
    wanted.environment.commit = TRY(app.git.fetch_ref(source, "refs/heads/" + wanted.environment.branch));
    return wanted;
}

Result<Wanted> wanted_of(App& app, const Caller& caller, const PlanRequest& request)
{
    if (!request.environment.empty()) return take_existing(app, caller, request);
    auto project = TRY(get_visible_project(app, caller, request.project));
    if (request.pull_request != 0) {
        const auto existing = TRY(app.stores.environments.find_by_pull_request(project.id, request.pull_request));
        if (existing) {
            auto wanted = TRY(load_wanted(app, existing->id));
            const auto imagined = TRY(imagine(app, caller, project, request));
            wanted.environment.commit = imagined.environment.commit;
            return wanted;
        }
    } else if (request.branch.empty()) {
        return fail(ErrorKind::invalid, "say what to plan: an environment, --pr N or --branch B");
    } else {
        TRY(check_branch(request.branch));
    }
    return imagine(app, caller, project, request);
}

std::map<std::string, Milliseconds> golden_ages(App& app, const Wanted& wanted)
{
    std::map<std::string, Milliseconds> ages;
    if (!wanted.base) return ages;
    const auto all = app.goldens.list();
    if (!all) return ages;
    for (const auto& golden : *all) {  // Newest first: the first of each database counts.
        if (golden.source.project == wanted.project.id && golden.source.environment == wanted.base->id.str())
            ages.emplace(golden.source.database, app.clock.now() - golden.made_at);
    }
    return ages;
}

clone::PlanFacts facts_of(App& app, const Wanted& wanted, const Prepared& prepared)
{
    clone::PlanFacts facts;
    facts.known.base = prepared.base ? &*prepared.base : nullptr;
    facts.known.previous = wanted.previous ? &*wanted.previous : nullptr;
    facts.known.is_push = wanted.previous && wanted.previous->commit != wanted.environment.commit;
    facts.known.base_name = wanted.base ? wanted.base->name : std::string();
    facts.known.golden_ages = golden_ages(app, wanted);
    facts.known.public_address = public_address_of(app, prepared.desired);
    facts.not_applied = prepared.not_applied;
    facts.refusals = prepared.refusals;
    facts.accepted = prepared.accepted;
    facts.not_enforced = app.target.not_enforced(prepared.desired.target_type);
    return facts;
}

Result<Prepared> prepare_for_explaining(App& app, const Caller& caller, const EnvironmentName& name)
{
    const auto found = TRY(get_visible_environment(app, caller, name));
    const auto wanted = TRY(load_wanted(app, found.environment.id));
    return prepare(app, wanted, Generating::imagined);
}

}  // namespace

Result<PlanView> plan_environment(App& app, const Caller& caller, const PlanRequest& request)
{
    auto wanted = TRY(wanted_of(app, caller, request));
    if (!request.file_text.empty()) wanted.project.file_text = request.file_text;
    wanted.project.target_here = wanted.project.target_here || request.target_here;
    const auto prepared = TRY(prepare(app, wanted, Generating::imagined));
    auto facts = facts_of(app, wanted, prepared);
    // Those of `cloned` are among the prepared ones already.
    auto cloned = prepared.cloned;
    cloned.refusals.clear();
    const auto summary = clone::summarize(cloned, facts);
    return PlanView{clone::to_text(summary), clone::to_json(summary), clone::has_changes(summary), summary.refusals};
}

Result<PlanView> compare_environments(App& app, const Caller& caller, const EnvironmentName& left,
                                      const std::string& right)
{
    const auto found = TRY(get_visible_environment(app, caller, left));
    auto other = right;
    if (other.empty()) {
        if (found.environment.base.empty())
            return fail(ErrorKind::invalid, "{} has no base: say what to compare it with", left.name);
        const auto base = TRY(app.stores.environments.get(found.environment.base));
        other = base.name;
    }
    const auto with = TRY(get_visible_environment(app, caller, EnvironmentName{found.project.name, other}));
    const auto before = TRY(load_desired(app, with.environment.id));
    const auto after = TRY(load_desired(app, found.environment.id));
    if (!before || !after) return fail(ErrorKind::conflict, "both environments must have been deployed once");
    std::string text = left.name + " against " + other + "\n";
    json::array changes;
    for (const auto& change : clone::compare_variables(*before, *after, nullptr)) {
        text += fmt::format("  {} {}.{}: {} → {}\n", clone::to_string(change.kind), change.service, change.key,
                            change.before, change.after);
        changes.push_back(json::object{{"service", change.service},
                                       {"key", change.key},
                                       {"kind", clone::to_string(change.kind)},
                                       {"before", change.before},
                                       {"after", change.after}});
    }
    const bool differs = !changes.empty() || before->commit != after->commit;
    text += fmt::format("  commit {} → {}\n", short_sha(before->commit), short_sha(after->commit));
    return PlanView{
        text, json::object{{"left", left.name}, {"right", other}, {"variables", std::move(changes)}}, differs, {}};
}

Result<Json> explain_variable(App& app, const Caller& caller, const EnvironmentName& name, const std::string& service,
                              const std::string& key)
{
    const auto prepared = TRY(prepare_for_explaining(app, caller, name));
    const auto& readers = prepared.cloned.resolution.readers;
    const auto reader = service.empty() && !readers.empty() ? readers.front() : service;
    const auto explanation = TRY(variables::explain(prepared.cloned.resolution, key, reader));
    auto value = variables::to_json(explanation);
    if (value.is_object()) value.as_object()["text"] = variables::to_text(explanation);
    return value;
}

Result<Json> list_effective_variables(App& app, const Caller& caller, const EnvironmentName& name,
                                      const std::string& service)
{
    const auto prepared = TRY(prepare_for_explaining(app, caller, name));
    json::object values;
    for (const auto& desired : prepared.desired.services) {
        if (!service.empty() && desired.name != service) continue;
        json::object own;
        for (const auto& variable : desired.env) {
            std::string text;
            for (const auto& segment : variable.value) {
                if (const auto* plain = std::get_if<std::string>(&segment))
                    text += *plain;
                else if (const auto* secret = std::get_if<SecretReference>(&segment))
                    text += fmt::format("<secret {} v{}>", secret->name, secret->version);
                else
                    text += "<known after apply>";
            }
            own[variable.key] = text;
        }
        values[desired.name] = std::move(own);
    }
    return Json(json::object{{"services", std::move(values)}});
}

}  // namespace ramet::app
