#pragma once

#include "app/context.hpp"
#include "variables/input.hpp"

#include <vector>

namespace ramet::app {

/// What people set through the API, as the resolver takes it, for an environment and (for a preview) its base.
struct StoredValues {
    std::vector<variables::Candidate> variables{};
    std::vector<variables::SecretCandidate> secrets{};
};

/// `environment` may be a row that is not stored yet (a plan); `base` is null for a base.
Result<StoredValues> load_stored_values(App& app, const Environment& environment, const Environment* base);

/// "set by alice at 2026-11-23T10:00:00Z"
std::string set_by_words(const std::string& who, Time when);

}  // namespace ramet::app
