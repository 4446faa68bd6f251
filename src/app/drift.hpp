#pragma once

#include "app/context.hpp"

#include <span>
#include <string>
#include <vector>

namespace ramet::app {

/// What somebody changed by hand in an environment, by its resources: "service/web: spec.replicas was changed by kubectl".
Result<std::vector<std::string>> list_drift(App& app, std::span<const engine::ResourceView> resources);

/// Takes it back where the trusted file says so (`previews.drift: mend`) and the environment is a preview; a base is never changed without being
/// asked. One that is being changed is left alone: it is looked at when that has ended.
Result<void> mend_drift(App& app, const EnvironmentId& id);

}  // namespace ramet::app
