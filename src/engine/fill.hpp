#pragma once

#include "engine/graph.hpp"
#include "engine/graph_check.hpp"

#include <string>
#include <vector>

namespace ramet::engine {

struct OutputReference {
    std::string path;
    std::string output;
    friend auto operator<=>(const OutputReference&, const OutputReference&) = default;
};

/// Every `$out` in a spec, at any depth. Errors: `invalid` for a malformed `$out`, `$secret` or `$concat`.
Result<std::vector<OutputReference>> references_of(const Json& spec);

/// Puts outputs in place of `$out` and joins `$concat`; `$secret` stays. Errors: `not_found` for an output that nobody gave,
/// `invalid` for malformed references.
Result<Json> fill_spec(const Json& spec, const ExistingOutputs& outputs);

/// Hash of a filled spec; equal specs have equal hashes whatever the order of their keys. Drivers that can tell with which spec
/// an object was last applied store this.
std::string spec_hash(const Json& filled);

}  // namespace ramet::engine
