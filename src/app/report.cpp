#include "app/report.hpp"

#include "app/report_text.hpp"
#include "app/views.hpp"
#include "app/work.hpp"
#include "base/log.hpp"

namespace ramet::app {

namespace {

constexpr std::string_view preview_kind = "forge.preview";
constexpr std::string_view comment_kind = "forge.comment";
constexpr int at_once = 50;
constexpr auto first_pause = std::chrono::seconds(2);
constexpr auto longest_pause = std::chrono::minutes(10);

std::string target_of(const ProjectId& project, std::int64_t number)
{
    return fmt::format("{}/{}", project.str(), number);
}

std::optional<Milliseconds> duration_of(const std::optional<engine::RunView>& run)
{
    if (!run || !run->ended_at) return std::nullopt;
    return *run->ended_at - run->created_at;
}

Result<void> send_comment(App& app, const Json& payload)
{
    const auto project = TRY(app.stores.projects.get(ProjectId(get_string(payload, "project"))));
    // A farewell that was held up by an outage must not be said over a new preview's report.
    const auto preview = TRY(app.stores.environments.find_by_pull_request(project.id, get_int(payload, "number")));
    if (preview) return {};
    const auto forge = TRY(app.forges.open(project));
    return forge->ensure_comment(project.connection.repository, get_int(payload, "number"),
                                 get_string(payload, "marker"), get_string(payload, "text"));
}

/// The state as it is now, whatever it was when the message was written.
Result<void> send_preview(App& app, const Json& payload)
{
    const auto environment = TRY(app.stores.environments.find(EnvironmentId(get_string(payload, "environment"))));
    if (!environment) return {};  // Gone: the farewell says so.
    const auto project = TRY(app.stores.projects.get(environment->project));
    const auto forge = TRY(app.forges.open(project));
    PreviewReport report;
    report.view = TRY(view_of(app, project, *environment));
    const auto run = TRY(newest_run(app, environment->id));
    if (environment->state == EnvironmentState::ready) report.took = duration_of(run);
    if (run && run->error && environment->state != EnvironmentState::ready) report.error = redacted(app, *run->error);
    const auto& repository = project.connection.repository;
    TRY(forge->set_status(repository, render_status(report.view)));
    return forge->ensure_comment(repository, environment->pull_request,
                                 comment_marker(project.name, pull_request_label(environment->pull_request)),
                                 render_comment(report));
}

Result<void> send(App& app, const storage::OutboxMessage& message)
{
    const auto payload = TRY(parse_json(message.payload));
    return message.kind == preview_kind ? send_preview(app, payload) : send_comment(app, payload);
}

Milliseconds pause_after(int attempts)
{
    Milliseconds pause = first_pause;
    for (int i = 0; i < attempts && pause < longest_pause; ++i) pause *= 2;
    return std::min<Milliseconds>(pause, longest_pause);
}

bool is_hopeless(const Error& error)
{
    return error.kind == ErrorKind::not_found || error.kind == ErrorKind::invalid;
}

void note_outcome(App& app, const storage::OutboxMessage& message, const Result<void>& sent)
{
    const auto now = app.clock.now();
    const auto noted = app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        if (sent) return app.stores.outbox.mark_sent(transaction, message);
        log::warning("report {} to {}: {}", message.kind, message.target, sent.error().message);
        if (is_hopeless(sent.error())) return app.stores.outbox.drop(transaction, message);
        return app.stores.outbox.mark_failed(transaction, message, sent.error().message,
                                             now + pause_after(message.attempts));
    });
    if (!noted) log::error("the outbox cannot be written: {}", noted.error().message);
}

Result<void> post_comment(App& app, storage::Transaction& transaction, const ProjectId& project, std::int64_t number,
                          const std::string& marker, const std::string& text)
{
    const json::object payload{{"project", project.str()}, {"number", number}, {"marker", marker}, {"text", text}};
    return app.stores.outbox.post(
        transaction, {std::string(comment_kind), target_of(project, number), to_text(payload), app.clock.now()});
}

}  // namespace

Result<void> post_report(App& app, storage::Transaction& transaction, const EnvironmentId& id)
{
    const auto environment = TRY(app.stores.environments.get(id, &transaction));
    if (environment.pull_request == 0) return {};
    const json::object payload{{"environment", id.str()}};
    return app.stores.outbox.post(transaction,
                                  {std::string(preview_kind), target_of(environment.project, environment.pull_request),
                                   to_text(payload), app.clock.now()});
}

Result<void> post_farewell(App& app, storage::Transaction& transaction, const Environment& environment,
                           std::size_t resources, const std::string& receipt_hash)
{
    if (environment.pull_request == 0) return {};
    const auto project = TRY(app.stores.projects.get(environment.project, &transaction));
    const auto marker = pull_request_label(environment.pull_request);
    return post_comment(app, transaction, project.id, environment.pull_request, comment_marker(project.name, marker),
                        render_farewell(project.name, marker, environment.name, resources, receipt_hash));
}

Result<void> post_refusal(App& app, const storage::Project& project, std::int64_t number, const std::string& reason)
{
    const auto label = pull_request_label(number);
    TRY(app.database.write([&](storage::Transaction& transaction) {
        return post_comment(app, transaction, project.id, number, comment_marker(project.name, label),
                            render_refusal(project.name, label, reason));
    }));
    app.refusals->remember(pull_request_key(project.id, number), reason);
    app.work.add(std::string(outbox_key));
    return {};
}

void send_reports(App& app)
{
    const auto due = app.stores.outbox.list_due(app.clock.now(), at_once);
    if (!due) return log::error("the outbox cannot be read: {}", due.error().message);
    for (const auto& message : *due) note_outcome(app, message, send(app, message));
    const auto next = app.stores.outbox.find_next_time();
    if (next && *next) app.work.add_after(std::string(outbox_key), std::max(Milliseconds(0), **next - app.clock.now()));
}

void state_changed(App& app, const Environment& environment)
{
    const auto now = app.stores.environments.find(environment.id);
    const bool is_alive = now && *now;
    const json::object data{{"name", environment.name},
                            {"state", is_alive ? to_string((*now)->state) : "gone"},
                            {"reason", is_alive ? (*now)->reason : std::string()}};
    const auto written = app.database.write([&](storage::Transaction& transaction) {
        return app.stores.events.append(transaction, {.at = app.clock.now(),
                                                      .project = environment.project,
                                                      .environment = environment.id,
                                                      .kind = "environment.state",
                                                      .data = to_text(data)});
    });
    if (!written) log::error("an event could not be written: {}", written.error().message);
    if (app.refresh_pages) app.refresh_pages(environment.id);
    app.work.add(std::string(outbox_key));
}

}  // namespace ramet::app
