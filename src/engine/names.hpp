#pragma once

#include "engine/engine.hpp"

#include <string>

namespace ramet::engine {

/// Everything that tells an object apart is derived, so that it can be found again without having been told its name.

/// The same path of the same owner is the same resource for ever, whatever is made and removed under it.
ResourceId derive_resource_id(const std::string& install, const OwnerId& owner, const std::string& path);
/// At most 52 characters of [a-z0-9-]: the path as people know it, then a hash over the id and the incarnation.
std::string derive_name(const std::string& path, const ResourceId& id, std::int64_t incarnation);
/// The same for every attempt of one request. Another spec is another request, and so is the same one in a later run: what has failed
/// is tried again when somebody asks again.
Token derive_token(const ResourceId& id, std::int64_t incarnation, const EngineRunId& run,
                   const std::string& request_hash);

}  // namespace ramet::engine
