#pragma once

#include "app/environments.hpp"
#include "engine/engine.hpp"

namespace ramet::app {

Result<std::vector<engine::RunView>> list_runs(App& app, const Caller& caller, const EnvironmentName& name);
Result<engine::RunView> get_run(App& app, const Caller& caller, const std::string& id);
Result<void> cancel_run(App& app, const Caller& caller, const std::string& id);

}  // namespace ramet::app
