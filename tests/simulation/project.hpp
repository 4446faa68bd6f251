#pragma once

#include "domain/ids.hpp"
#include "engine/graph.hpp"
#include "simulation/queue.hpp"

#include <cstdint>
#include <vector>

namespace ramet::simulation {

/// What one project's previews are made of: the same commit always gives the same graph, as the product's `render` does.
class Project {
public:
    /// Between one and `most_nodes` things.
    Project(std::uint64_t seed, std::int64_t most_nodes);

    /// The newest thing of the graph is of the commit itself; the others change with some of the commits.
    engine::Graph render(const CommitSha& commit) const;
    /// What runs before a preview is removed; nothing in half of the projects.
    engine::Graph render_before_delete() const;
    static std::string path_of(std::size_t node);
    std::size_t size() const { return needs_.size(); }

private:
    std::uint64_t seed_;
    std::vector<std::vector<std::size_t>> needs_;  ///< by node
    bool has_last_jobs_ = false;
};

}  // namespace ramet::simulation
