#pragma once

#include "app/context.hpp"

#include <string>

namespace ramet::app {

/// Asks for the comment and the status of a pull request's preview to be brought up to date. Written with the change itself, so
/// that a crash cannot lose it; what is sent is the state at the time of sending. Nothing for bases and previews made by hand.
Result<void> post_report(App& app, storage::Transaction& transaction, const EnvironmentId& id);

/// The comment after the end.
Result<void> post_farewell(App& app, storage::Transaction& transaction, const Environment& environment,
                           std::size_t resources, const std::string& receipt_hash);

/// For a pull request that gets no preview: one comment that says why.
Result<void> post_refusal(App& app, const storage::Project& project, std::int64_t number, const std::string& reason);

/// Sends what is due, newest state first of all; what fails is tried again later.
void send_reports(App& app);

/// After a committed change of a row: pages, events, streams, and the outbox.
void state_changed(App& app, const Environment& environment);

}  // namespace ramet::app
