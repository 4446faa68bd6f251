#include "app/audit.hpp"

namespace ramet::app {

Result<void> audit(App& app, storage::Transaction& transaction, const AuditRecord& record)
{
    storage::AuditRecord row{.at = app.clock.now(), .actor = record.actor, .action = record.action};
    if (!record.project.empty()) {
        const auto project = TRY(app.stores.projects.get(record.project, &transaction));
        row.project = project.name;
    }
    row.subject = record.subject;
    row.detail = record.detail.is_null() ? std::string() : app.redactor.redact(to_text(record.detail));
    return app.stores.audit.append(transaction, std::move(row));
}

Result<void> audit(App& app, const AuditRecord& record)
{
    return app.database.write([&](storage::Transaction& transaction) { return audit(app, transaction, record); });
}

}  // namespace ramet::app
