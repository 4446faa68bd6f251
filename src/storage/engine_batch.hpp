#pragma once

#include "engine/run_store.hpp"
#include "storage/transaction.hpp"

namespace ramet::storage {

/// Writes one batch of the engine, the epoch's check first. Errors are those of `engine::RunStore::commit` for one
/// batch; the caller undoes what was written before one.
Result<void> write_batch(Transaction& transaction, const engine::Batch& batch);

/// Writes several, in order, each standing or falling alone: a result for each, or an error of the whole. A savepoint for each
/// would cost as much as what it holds: they have one together, and one each only when one of them is refused. None may have
/// an `extra`, which must not be called twice.
Result<std::vector<Result<void>>> write_together(Transaction& transaction, std::span<const engine::Batch> batches);

}  // namespace ramet::storage
