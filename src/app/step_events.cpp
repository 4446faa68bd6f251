#include "app/step_events.hpp"

#include "app/goldens.hpp"
#include "app/metrics.hpp"
#include "app/work.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace ramet::app {

namespace {

constexpr std::size_t most_waiting = 50'000;
constexpr std::chrono::seconds again_after{1};

Json data_of(const App& app, const engine::Change& change, const std::string& name)
{
    json::object data{{"name", name}, {"run", change.run.str()}, {"state", to_string(change.state)}};
    if (!change.step) return data;
    const auto& step = *change.step;
    data["step"] = step.path;
    data["action"] = to_string(step.action);
    data["step_state"] = to_string(step.state);
    data["waiting_for"] = app.redactor.redact(step.waiting_for);
    if (step.error) data["error"] = app.redactor.redact(step.error->message);
    return data;
}

Result<void> append(App& app, storage::Transaction& transaction, const engine::Change& change)
{
    const EnvironmentId id(change.owner.str());
    const auto environment = TRY(app.stores.environments.find(id, &transaction));
    storage::StoredEvent event;
    event.at = app.clock.now();
    event.kind = change.step ? "run.step" : "run.state";
    if (environment) {
        event.environment = id;
        event.project = environment->project;
    }
    event.data = to_text(data_of(app, change, environment ? environment->name : std::string()));
    return app.stores.events.append(transaction, event);
}

void wake_all_waiting(App& app)
{
    const auto environments = app.stores.environments.list_all();
    if (!environments) return;
    for (const auto& environment : *environments)
        if (environment.state == EnvironmentState::creating || environment.state == EnvironmentState::updating)
            app.work.add(environment_key(environment.id));
}

}  // namespace

void StepEvents::add(const engine::Change& change)
{
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(change);
}

void StepEvents::flush(App& app)
{
    std::vector<engine::Change> changes;
    {
        const std::scoped_lock lock(mutex_);
        changes.swap(waiting_);
    }
    if (changes.empty()) return;
    const auto written = app.database.write([&](storage::Transaction& transaction) -> Result<void> {
        for (const auto& change : changes) TRY(append(app, transaction, change));
        return {};
    });
    if (!written && is_transient(written.error().kind)) return keep(app, std::move(changes), written.error());
    if (!written) log::error("events could not be written: {}", written.error().message);
    for (const auto& change : changes) measure(app, change);
}

/// In front of what came since, so that they keep their order; of very many the oldest are given up.
void StepEvents::keep(App& app, std::vector<engine::Change> changes, const Error& error)
{
    {
        const std::scoped_lock lock(mutex_);
        waiting_.insert(waiting_.begin(), std::make_move_iterator(changes.begin()),
                        std::make_move_iterator(changes.end()));
        const auto surplus = waiting_.size() > most_waiting ? waiting_.size() - most_waiting : 0;
        waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(surplus));
        log::warning("{} events wait, as nothing can be written: {}", waiting_.size(), error.message);
    }
    app.work.add_after(std::string(events_key), again_after);
}

void follow_change(App& app, const engine::Change& change)
{
    if (change.step || !(engine::is_final(change.state) || change.state == engine::RunState::kept)) return;
    tidy_later(app);
    if (is_golden_owner(change.owner))
        wake_all_waiting(app);
    else
        app.work.add(environment_key(EnvironmentId(change.owner.str())));
}

}  // namespace ramet::app
