#pragma once

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/json.hpp"

#include <map>
#include <string>
#include <vector>

namespace ramet::engine {

/// The engine knows owners, not environments: an environment, a project (golden copies) or the installation.
using OwnerId = Id<struct OwnerIdTag>;
using ResourceId = Id<struct ResourceIdTag>;

/// One thing that a provider shall hold. `path` is logical and stable ("service/web"), so that two renderings can be compared.
///
/// `spec` is data that a newer binary can still read. Inside it, at any depth:
///   {"$out": ["database/db", "port"]}         is replaced by that output of a needed node just before apply
///   {"$secret": "<id>", "version": 3}         stays; the driver opens it at the moment of the call
///   {"$concat": ["text", {…}, …]}             pieces put one behind the other; becomes a string as soon as no secret is in it
/// Plain strings are literal. `spec_hash` is over the filled spec.
struct Node {
    std::string path;
    std::string kind;
    Json spec;
    std::vector<std::string> needs{};
    /// Names of outputs it promises; others may refer only to these.
    std::vector<std::string> outputs{};
};

struct Graph {
    std::vector<Node> nodes{};
};

/// `invalid` when two nodes share a path, a need is missing, an output is not promised or not needed, or there is a cycle (which it shows).
Result<void> check_graph(const Graph& graph);

using Outputs = std::map<std::string, std::string>;

}  // namespace ramet::engine
