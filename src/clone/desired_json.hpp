#pragma once

#include "base/json.hpp"
#include "clone/desired.hpp"

namespace ramet {

/// What is kept of a deployed environment: the difference to the next one, its before-delete jobs and `ramet diff` are made from it.
/// Format 1, readable for ever: members are only added, and a missing one has the default of its type.
Json to_json(const DesiredEnvironment& desired);

/// `integrity` when the text is of a newer format or not what `to_json` wrote.
Result<DesiredEnvironment> desired_from_json(const Json& value);

/// Pieces of one value, as the engine's specs hold them too: text as a string, {"$secret": id, "version": n, "name": …},
/// {"$out": [resource, output]}.
Json to_json(const ResolvedValue& value);
Result<ResolvedValue> resolved_value_from_json(const Json& value);

/// {"name", "resource"} of a snapshot that is put back; empty for what is no object.
Json to_json(const DataSnapshot& snapshot);
DataSnapshot data_snapshot_from_json(const Json& value);

}  // namespace ramet
