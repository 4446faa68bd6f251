#pragma once

#include "clone/desired.hpp"
#include "engine/graph.hpp"

#include <string>
#include <vector>

namespace ramet::targets {

/// Where environments are put. `render` is pure: the same desired environment gives the same graph, byte for byte.
class Target {
public:
    virtual ~Target() = default;

    /// Whether environments can be put there from here; else why not, and what to do.
    virtual Result<void> check_reachable(const TargetDeclaration& declared) = 0;

    /// Resources for `desired`, databases first by their needs, never a secret's plaintext.
    virtual Result<engine::Graph> render(const DesiredEnvironment& desired) const = 0;

    /// What runs before everything is removed: the before-delete jobs as a graph (may be empty).
    virtual Result<engine::Graph> render_before_delete(const DesiredEnvironment& desired) const = 0;

    /// What is not enforced there ("services of one environment can reach those of another on loopback"): shown by `doctor` and by each
    /// preview.
    virtual std::vector<std::string> not_enforced(TargetType type) const = 0;
};

}  // namespace ramet::targets
