#pragma once

#include "clone/input.hpp"

#include <string>

namespace ramet::clone {

/// Names the artefact of a build in the cache: the trees that it sees, its folder, command and Dockerfile. Empty when nothing is built.
/// A service and a job that are built alike share one artefact. Without a tree's hash, every commit counts as a change.
std::string input_hash(const std::optional<Build>& build, const std::string& tree_hash, const CommitSha& commit);

/// The tree's hash of a service or job, or empty.
std::string tree_of(const TreeHashes& trees, const std::string& name);

}  // namespace ramet::clone
