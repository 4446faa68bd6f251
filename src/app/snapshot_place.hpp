#pragma once

#include "app/scoping.hpp"
#include "app/snapshots.hpp"

namespace ramet::app {

/// A database of which there may be snapshots, with what its preview was last wanted to be.
struct Place {
    Found found;
    DesiredEnvironment desired;
    DesiredDatabase database;
};

/// `not_found`, or `refused` for what is no preview's own PostgreSQL.
Result<Place> find_place(App& app, const Caller& caller, const SnapshotName& name);

Result<void> check_snapshot_name(const std::string& name);

/// The end of a run is seen a moment before it is on disk, where the ledger is read: afterwards it is.
Result<void> await_ledger(App& app, const EnvironmentId& id);

/// `conflict` while a run is under way: it would be superseded, and what it had begun be removed. Afterwards the ledger is as that run
/// left it.
Result<void> check_is_calm(App& app, const Environment& environment);

}  // namespace ramet::app
