#pragma once

#include "app/app.hpp"
#include "app/caller.hpp"
#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/secret_bytes.hpp"
#include "engine/engine.hpp"

#include <string>
#include <vector>

namespace ramet::app {

/// Takes no input and heals every missed event: polls pull requests and branches, ends what expired, admits what is queued,
/// retries reports, looks after goldens. Periodic and on signal.
void reconcile_all(App& app);

struct Check {
    std::string name;
    std::string state;  ///< ok | warning | failed
    std::string message;
    std::string next_step{};
};
/// What `ramet doctor` prints: programs, storage, clone method, what is not enforced here, connections.
Result<std::vector<Check>> examine(App& app, const Caller& caller);

Result<engine::SweepReport> sweep(App& app, const Caller& caller, bool dry_run, bool confirmed);

struct AuditEntry {
    std::int64_t id = 0;
    Time at{};
    std::string actor;
    std::string action;
    std::string subject;
    Json detail;
};
Result<std::vector<AuditEntry>> list_audit(App& app, const Caller& caller, std::int64_t after, int limit);
/// integrity names the first record that was edited or removed.
Result<std::int64_t> verify_audit(App& app, const Caller& caller);

struct EventView {
    std::int64_t id = 0;
    Time at{};
    std::string project;
    std::string environment;
    std::string kind;  ///< "run.step", "environment.state", …
    Json data;
};
/// Events after `after`, oldest first; `is_complete` false when older ones are gone (the API sends `reset`).
struct EventPage {
    std::vector<EventView> events{};
    bool is_complete = true;
};
Result<EventPage> list_events(App& app, const Caller& caller, std::int64_t after, int limit);

/// A backup of the server's own store, as an archive (`storage::make_backup`). Administrators of all projects only. The
/// key-encryption key is not in it.
Result<std::string> back_up(App& app, const Caller& caller);

}  // namespace ramet::app
