#include "api/json_views.hpp"

namespace ramet::api {

namespace {

Json optional_time(const std::optional<Time>& time)
{
    return time ? Json(to_rfc3339(*time)) : Json(nullptr);
}

Json strings(const std::vector<std::string>& words)
{
    json::array list;
    for (const auto& word : words) list.emplace_back(word);
    return list;
}

}  // namespace

Json error_to_json(const Error& error)
{
    json::object object{{"kind", to_string(error.kind)}, {"message", error.message}};
    if (!error.evidence.empty()) object["evidence"] = error.evidence;
    if (!error.next_step.empty()) object["next_step"] = error.next_step;
    if (!error.where.empty()) object["where"] = error.where;
    return object;
}

Json to_json(const app::ProjectView& view)
{
    return json::object{{"name", view.name},
                        {"repository", view.repository},
                        {"forge", view.forge},
                        {"forge_url", view.forge_url},
                        {"trusted_branch", view.trusted_branch},
                        {"trusted_commit", view.trusted_commit},
                        {"target_here", view.target_here},
                        {"webhook", view.webhook},
                        {"environments", strings(view.environments)}};
}

Json to_json(const app::Started& started)
{
    json::array environments;
    for (const auto& item : started.environments)
        environments.push_back(
            json::object{{"environment", item.environment}, {"run", item.run}, {"state", item.state}});
    return json::object{
        {"project", started.project}, {"environments", std::move(environments)}, {"notes", strings(started.notes)}};
}

Json to_json(const app::ServiceView& view)
{
    json::array process_ids;
    for (const int id : view.process_ids) process_ids.emplace_back(id);
    return json::object{{"name", view.name},         {"state", view.state},
                        {"restarts", view.restarts}, {"treatment", view.treatment},
                        {"address", view.address},   {"urls", strings(view.urls)},
                        {"replicas", view.replicas}, {"process_ids", std::move(process_ids)}};
}

Json to_json(const app::DatabaseView& view)
{
    json::object object{{"name", view.name},         {"type", view.type},
                        {"method", view.method},     {"bytes_copied", view.bytes_copied},
                        {"age_seconds", nullptr},    {"golden", view.golden},
                        {"snapshot", view.snapshot}, {"address", view.address}};
    if (view.age_seconds) object["age_seconds"] = *view.age_seconds;
    return object;
}

Json to_json(const app::SnapshotView& view)
{
    json::object object{{"name", view.name},
                        {"database", view.database},
                        {"made_at", to_rfc3339(view.made_at)},
                        {"method", view.method},
                        {"bytes_copied", view.bytes_copied},
                        {"size_bytes", view.size_bytes},
                        {"private_bytes", nullptr},
                        {"schema", view.schema},
                        {"version", view.version},
                        {"restored", view.is_restored}};
    if (view.private_bytes) object["private_bytes"] = *view.private_bytes;
    return object;
}

Json to_json(const app::SnapshotStarted& started)
{
    return json::object{{"run", started.run}, {"name", started.name}, {"method", started.method}};
}

Json to_json(const app::EnvironmentView& view)
{
    const auto& environment = view.environment;
    json::object urls;
    for (const auto& [service, url] : view.urls) urls[service] = url;
    json::array services;
    for (const auto& service : view.services) services.push_back(to_json(service));
    json::array databases;
    for (const auto& database : view.databases) databases.push_back(to_json(database));
    return json::object{
        {"id", environment.id.str()},
        {"name", environment.name},
        {"project", view.project},
        {"origin", to_string(environment.origin)},
        {"protected", environment.is_protected},
        {"base", view.base},
        {"state", to_string(environment.state)},
        {"reason", environment.reason},
        {"commit", environment.commit.str()},
        {"branch", environment.branch},
        {"pull_request", environment.pull_request == 0 ? Json(nullptr) : Json(environment.pull_request)},
        {"created_by", environment.created_by},
        {"created_at", to_rfc3339(environment.created_at)},
        {"updated_at", to_rfc3339(environment.updated_at)},
        {"expires_at", optional_time(environment.expires_at)},
        {"pinned", environment.is_pinned},
        {"generation", environment.desired_generation},
        {"observed_generation", environment.observed_generation},
        {"target", environment.target},
        {"urls", std::move(urls)},
        {"services", std::move(services)},
        {"databases", std::move(databases)},
        {"run", view.run},
        {"not_enforced", strings(view.not_enforced)},
        {"drift", strings(view.drift)},
        {"notes", strings(view.notes)}};
}

Json to_json(const app::Explanation& explanation)
{
    json::object object{{"state", explanation.state},
                        {"blocking_step", explanation.blocking_step},
                        {"reason", explanation.reason},
                        {"error", nullptr},
                        {"next_steps", strings(explanation.next_steps)}};
    if (explanation.error) object["error"] = error_to_json(*explanation.error);
    return object;
}

Json to_json(const app::PlanView& view)
{
    json::array refusals;
    for (const auto& refusal : view.refusals) refusals.push_back(error_to_json(refusal));
    return json::object{
        {"text", view.text}, {"plan", view.data}, {"has_changes", view.has_changes}, {"refusals", std::move(refusals)}};
}

Json to_json(const app::VariableView& view)
{
    return json::object{{"key", view.key},
                        {"value", view.value},
                        {"scope", view.scope},
                        {"set_by", view.set_by},
                        {"where", view.where}};
}

Json to_json(const app::SecretView& view)
{
    return json::object{{"name", view.name},       {"scope", view.scope},
                        {"version", view.version}, {"protected", view.is_protected},
                        {"set_by", view.set_by},   {"set_at", view.set_at}};
}

Json to_json(const app::DeliveryView& view)
{
    return json::object{{"id", view.id},
                        {"forge", view.forge},
                        {"project", view.project},
                        {"event", view.event},
                        {"state", view.state},
                        {"reason", view.reason},
                        {"received_at", to_rfc3339(view.received_at)}};
}

Json to_json(const app::TokenView& view)
{
    return json::object{{"id", view.id},
                        {"name", view.name},
                        {"role", to_string(view.role)},
                        {"project", view.project},
                        {"created_at", to_rfc3339(view.created_at)},
                        {"expires_at", optional_time(view.expires_at)},
                        {"last_used_at", optional_time(view.last_used_at)}};
}

Json to_json(const app::Check& check)
{
    return json::object{
        {"name", check.name}, {"state", check.state}, {"message", check.message}, {"next_step", check.next_step}};
}

Json to_json(const app::AuditEntry& entry)
{
    return json::object{{"id", entry.id},         {"at", to_rfc3339(entry.at)}, {"actor", entry.actor},
                        {"action", entry.action}, {"subject", entry.subject},   {"detail", entry.detail}};
}

Json to_json(const app::EventView& event)
{
    return json::object{{"id", event.id},           {"at", to_rfc3339(event.at)},
                        {"project", event.project}, {"environment", event.environment},
                        {"kind", event.kind},       {"data", event.data}};
}

Json to_json(const engine::StepView& step)
{
    json::object object{{"path", step.path},
                        {"kind", step.kind},
                        {"action", to_string(step.action)},
                        {"state", to_string(step.state)},
                        {"attempt", step.attempt},
                        {"needs", strings(step.needs)},
                        {"waiting_for", step.waiting_for},
                        {"error", nullptr},
                        {"started_at", optional_time(step.started_at)},
                        {"ended_at", optional_time(step.ended_at)}};
    if (step.error) object["error"] = error_to_json(*step.error);
    return object;
}

Json to_json(const engine::RunView& run)
{
    json::array steps;
    for (const auto& step : run.steps) steps.push_back(to_json(step));
    json::object object{{"id", run.id.str()},
                        {"kind", to_string(run.kind)},
                        {"state", to_string(run.state)},
                        {"is_final", engine::is_final(run.state)},
                        {"generation", run.generation},
                        {"plan_hash", run.plan_hash},
                        {"note", run.note},
                        {"superseded_by", run.superseded_by.str()},
                        {"error", nullptr},
                        {"created_at", to_rfc3339(run.created_at)},
                        {"ended_at", optional_time(run.ended_at)},
                        {"steps", std::move(steps)}};
    if (run.error) object["error"] = error_to_json(*run.error);
    return object;
}

Json to_json(const engine::SweepReport& report)
{
    json::array findings;
    for (const auto& finding : report.findings)
        findings.push_back(json::object{{"kind", finding.item.kind},
                                        {"name", finding.item.name},
                                        {"owner", finding.item.mark.owner.str()},
                                        {"verdict", finding.verdict}});
    return json::object{{"findings", std::move(findings)},
                        {"removed", report.removed},
                        {"needs_confirmation", report.needs_confirmation}};
}

}  // namespace ramet::api
