#pragma once

#include "engine/run_store.hpp"
#include "storage/transaction.hpp"

namespace ramet::storage {

/// Writes one batch of the engine, the epoch's check first. Errors are those of `engine::RunStore::commit` for one
/// batch; the caller undoes what was written before one.
Result<void> write_batch(Transaction& transaction, const engine::Batch& batch);

}  // namespace ramet::storage
