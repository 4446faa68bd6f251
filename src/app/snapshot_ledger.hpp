#pragma once

#include "app/ledger.hpp"
#include "app/preparation.hpp"

namespace ramet::app {

// What the engine's ledger has of a preview and its snapshots.

bool is_live_snapshot(const engine::ResourceView& resource);

/// What is there, each thing as it was applied: a run of it changes nothing.
engine::Graph graph_of(const Resources& resources);

/// For every deployment: what it does not mention is removed, and snapshots stay.
Result<void> keep_snapshots(App& app, const EnvironmentId& id, engine::Graph& graph);

/// A restore that failed is not tried again by the next deployment: `wanted.previous` says what the preview has.
Result<void> forget_failed_restores(App& app, Wanted& wanted);

}  // namespace ramet::app
