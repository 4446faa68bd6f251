#pragma once

#include "app/deploy.hpp"
#include "app/preparation.hpp"

#include <map>
#include <string>

namespace ramet::app {

struct DataChoice {
    /// Not empty: a golden copy is being made, come back when it is there.
    std::string wait_for{};
    /// Databases of which no golden copy can be had, and why: prepare again, so that their fall-back is taken.
    std::map<std::string, std::string> without_golden{};
};

/// What took its fall-back when it was made keeps it until its data is reset.
std::map<std::string, std::string> kept_fall_backs(const std::optional<DesiredEnvironment>& previous);

/// Fills golden and incarnation of each database of `prepared.desired`: a push keeps the data unless the file or a person asks for a
/// reset; new data comes from a fresh golden copy. Errors: why there is none, where the file names no fall-back.
Result<DataChoice> choose_data(App& app, const Wanted& wanted, Prepared& prepared, const DeployOptions& options);

}  // namespace ramet::app
