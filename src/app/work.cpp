#include "app/work.hpp"

#include "app/admission.hpp"
#include "app/deliveries.hpp"
#include "app/deploy.hpp"
#include "app/drift.hpp"
#include "app/maintenance.hpp"
#include "app/previews.hpp"
#include "app/report.hpp"
#include "app/rotation.hpp"
#include "app/step_events.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <charconv>

namespace ramet::app {

namespace {

// What could not be decided (a Git host that is down) is looked at again; polling does so later in any case.
constexpr auto again_after = std::chrono::seconds(5);

std::int64_t to_number(const std::string& text)
{
    std::int64_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

/// A branch may hold slashes: the rest of the key from the third part on.
std::string rest_of(const std::string& key)
{
    return key.substr(key.find('/', key.find('/') + 1) + 1);
}

Result<void> end_expired(App& app, const EnvironmentId& id)
{
    return app.work.run_exclusive(environment_key(id), [&]() -> Result<void> {
        const auto now = TRY(app.stores.environments.find(id));
        const bool is_over = now && now->expires_at && *now->expires_at <= app.clock.now() && !now->is_pinned;
        if (!is_over || now->state == EnvironmentState::deleting) return {};
        TRY(destroy_environment(app, id, "ramet: its time to live is over", Again::for_newer_commit));
        return {};
    });
}

Result<void> dispatch(App& app, const std::string& key)
{
    const auto parts = split(key, '/');
    const auto& kind = parts.front();
    if (key == tidy_key && app.tidy) app.tidy();
    if (key == outbox_key) {
        send_reports(app);
    } else if (key == events_key) {
        app.step_events.flush(app);
    } else if (key == deliveries_key) {
        return follow_stored_deliveries(app);
    } else if (key == admission_key) {
        admit_waiting(app);
    } else if (key == rotation_key) {
        TRY(finish_rotation(app));
    } else if (key == everything_key) {
        reconcile_all(app);
        app.work.add_after(key, app.settings.reconcile_every);
    }
    if (kind == "pull")
        return reconcile_pull_request(app, ProjectId(parts[1]), to_number(parts[2]));
    else if (kind == "commits")
        fetch_early(app, ProjectId(parts[1]), to_number(parts[2]), CommitSha(parts[3]));
    else if (kind == "branch")
        return reconcile_branch(app, ProjectId(parts[1]), rest_of(key));
    else if (kind == "environment")
        return settle_environment(app, EnvironmentId(parts[1]));
    else if (kind == "drift")
        return mend_drift(app, EnvironmentId(parts[1]));
    else if (kind == "expiry")
        return end_expired(app, EnvironmentId(parts[1]));
    return {};
}

}  // namespace

std::string pull_request_key(const ProjectId& project, std::int64_t number)
{
    return fmt::format("pull/{}/{}", project.str(), number);
}

std::string commits_key(const ProjectId& project, std::int64_t number, const CommitSha& head)
{
    return fmt::format("commits/{}/{}/{}", project.str(), number, head.str());
}

std::string branch_key(const ProjectId& project, const std::string& branch)
{
    return fmt::format("branch/{}/{}", project.str(), branch);
}

std::string environment_key(const EnvironmentId& environment)
{
    return "environment/" + environment.str();
}

std::string drift_key(const EnvironmentId& environment)
{
    return "drift/" + environment.str();
}

std::string expiry_key(const EnvironmentId& environment)
{
    return "expiry/" + environment.str();
}

void tidy_later(App& app)
{
    app.work.add_after(std::string(tidy_key), std::chrono::milliseconds(1500));
}

void look_for_drift_later(App& app, const EnvironmentId& environment)
{
    app.work.add_spaced(drift_key(environment), std::chrono::seconds(1));
}

void work_on(App& app, const std::string& key)
{
    const auto done = dispatch(app, key);
    if (done) return app.troubles->forget(key);
    const auto message = app.redactor.redact(done.error().message);
    log::warning("{}: {}", key, message);
    const bool is_tried_soon = is_transient(done.error().kind);
    // An environment is looked at again with all others, whatever it failed with.
    const bool is_tried_later = key.starts_with("environment/");
    is_tried_soon || is_tried_later ? app.troubles->remember(key, message) : app.troubles->forget(key);
    if (is_tried_soon) app.work.add_after(key, again_after);
}

}  // namespace ramet::app
