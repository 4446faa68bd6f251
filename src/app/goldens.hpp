#pragma once

#include "app/context.hpp"
#include "clone/desired.hpp"

#include <optional>
#include <string>
#include <variant>

namespace ramet::app {

/// Where a preview's copy of one database shall come from.
struct GoldenQuestion {
    ProjectId project;
    EnvironmentId base;
    std::string database;  ///< its name in the file
    Milliseconds max_age{};
};

struct GoldenFound {
    GoldenId id;
    Time made_at{};
};
/// One is being made; its end wakes the environments of the project that wait.
struct GoldenUnderWay {
    std::string run;
    std::string reason;
};
using GoldenAnswer = std::variant<GoldenFound, GoldenUnderWay>;

/// A fresh golden copy, or the run that makes one. Errors: conflict (the base has no such database running), or why the newest
/// attempt failed when it is younger than `no_retry_before`.
Result<GoldenAnswer> ensure_golden(App& app, const GoldenQuestion& question);

/// A new golden copy now, whatever there is. Returns the run.
Result<std::string> make_golden(App& app, const GoldenQuestion& question);

/// Begins to remove the golden copies of an environment that has ended. Nothing clones from it any more.
Result<void> remove_goldens(App& app, const Environment& ended);

/// Whether an engine owner is one of goldens.
bool is_golden_owner(const engine::OwnerId& owner);

}  // namespace ramet::app
