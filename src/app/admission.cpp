#include "app/admission.hpp"

#include "app/work.hpp"
#include "base/log.hpp"
#include "clone/memory.hpp"

#include <filesystem>

namespace ramet::app {

namespace {

constexpr std::int64_t mebibyte = 1LL << 20;

/// Its creation failed and was rolled back.
bool holds_nothing(const Environment& environment)
{
    return environment.state == EnvironmentState::failed && environment.observed_generation == 0;
}

bool is_active(const Environment& environment)
{
    return environment.origin == EnvironmentOrigin::preview && environment.state != EnvironmentState::queued &&
           environment.state != EnvironmentState::awaiting_approval &&
           environment.state != EnvironmentState::deleting && environment.desired_generation > 0 &&
           !holds_nothing(environment);
}

/// The other previews of the project that take room.
Result<std::vector<Environment>> list_active(App& app, const Wanted& wanted)
{
    auto active = TRY(app.stores.environments.list(wanted.project.id));
    std::erase_if(active, [&](const auto& other) { return !is_active(other) || other.id == wanted.environment.id; });
    return active;
}

std::int64_t count_of(const std::vector<Environment>& active, const std::string& user)
{
    return std::ranges::count_if(active, [&](const auto& other) { return other.created_by == user; });
}

bool has_all_allowed(const std::vector<Environment>& active, const std::string& user, const Limits& limits)
{
    return limits.max_per_user && count_of(active, user) >= *limits.max_per_user;
}

Result<std::int64_t> memory_in_use(App& app, const std::vector<Environment>& active)
{
    std::int64_t bytes = 0;
    for (const auto& environment : active) {
        const auto desired = TRY(load_desired(app, environment.id));
        if (desired && environment.power == Power::on) bytes += clone::memory_of(*desired);
    }
    return bytes;
}

std::string check_disk(const App& app, const Limits& limits)
{
    std::error_code problem;
    const auto space = std::filesystem::space(app.settings.data_directory, problem);
    if (problem) return {};
    const auto free = static_cast<std::int64_t>(space.available);
    if (free >= limits.min_free_disk_bytes) return {};
    return fmt::format("{} MiB of disk are free, {} MiB must stay free (limits.min_free_disk)", free / mebibyte,
                       limits.min_free_disk_bytes / mebibyte);
}

Result<std::string> check_limits(App& app, const Wanted& wanted, const Prepared& prepared)
{
    const auto& limits = prepared.policy.limits;
    const auto active = TRY(list_active(app, wanted));
    const auto count = static_cast<int>(active.size());
    if (limits.max_active && count >= *limits.max_active)
        return fmt::format("{} of {} previews are active (limits.max_active)", count, *limits.max_active);
    const auto& user = wanted.environment.created_by;
    if (has_all_allowed(active, user, limits))
        return fmt::format("{} has {} of {} previews (limits.max_per_user)", user, count_of(active, user),
                           *limits.max_per_user);
    if (limits.memory_bytes) {
        const auto used = TRY(memory_in_use(app, active));
        const auto own_memory = clone::memory_of(prepared.desired);
        if (used + own_memory > *limits.memory_bytes)
            return fmt::format("it needs {} MiB, and {} of {} MiB are taken (limits.memory)", own_memory / mebibyte,
                               used / mebibyte, *limits.memory_bytes / mebibyte);
    }
    return check_disk(app, limits);
}

/// Those who came earlier come in first, but whoever has all that one person may have holds up nobody else.
Result<bool> somebody_is_before(App& app, const Wanted& wanted, const Limits& limits)
{
    const auto active = TRY(list_active(app, wanted));
    const auto places = TRY(app.stores.queue.list());
    for (const auto& place : places) {
        if (place.environment == wanted.environment.id) return false;
        if (place.project != wanted.project.id) continue;
        const auto waiting = TRY(app.stores.environments.find(place.environment));
        if (waiting && !has_all_allowed(active, waiting->created_by, limits)) return true;
    }
    return false;
}

}  // namespace

bool needs_room(const Environment& environment)
{
    return environment.origin == EnvironmentOrigin::preview && environment.desired_generation == 0;
}

Result<std::string> check_admission(App& app, const Wanted& wanted, const Prepared& prepared)
{
    const auto& environment = wanted.environment;
    if (!needs_room(environment)) return std::string();
    auto reason = TRY(check_limits(app, wanted, prepared));
    const bool is_behind = TRY(somebody_is_before(app, wanted, prepared.policy.limits));
    if (reason.empty() && is_behind) reason = "others wait before it";
    if (reason.empty()) return reason;
    TRY(app.database.write([&](storage::Transaction& transaction) {
        return app.stores.queue.enqueue(transaction, {environment.id, environment.project, reason, app.clock.now()});
    }));
    return reason;
}

void admit_waiting(App& app)
{
    const auto places = app.stores.queue.list();
    if (!places) return log::error("the queue cannot be read: {}", places.error().message);
    for (const auto& place : *places) app.work.add(environment_key(place.environment));
}

}  // namespace ramet::app
