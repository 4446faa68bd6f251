#pragma once

#include "app/context.hpp"
#include "base/json.hpp"

#include <string>

namespace ramet::app {

struct AuditRecord {
    std::string actor;
    std::string action;   ///< "token.create", "environment.delete", …
    ProjectId project{};  ///< empty: the organization
    std::string subject{};
    Json detail{};
};

/// In the transaction of the change itself: what cannot be audited does not happen.
Result<void> audit(App& app, storage::Transaction& transaction, const AuditRecord& record);
/// Before what leaves no row of its own: a look, a connection, a request to the engine.
Result<void> audit(App& app, const AuditRecord& record);

}  // namespace ramet::app
