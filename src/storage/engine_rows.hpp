#pragma once

#include "engine/records.hpp"
#include "storage/connection.hpp"

#include <string>

namespace ramet::storage {

/// The engine's rows as they are read back. `integrity` for a word or a JSON text that makes no sense.
/// Each reads the columns of its list, in that order.
extern const std::string run_columns;
extern const std::string journal_columns;
extern const std::string resource_columns;
extern const std::string receipt_columns;

Result<engine::RunRow> read_run(const Row& row);
Result<engine::JournalRecord> read_journal(const Row& row);
Result<engine::ResourceRow> read_resource(const Row& row);
Result<engine::Receipt> read_receipt(const Row& row);

}  // namespace ramet::storage
