#pragma once

#include "clone/input.hpp"
#include "variables/resolve.hpp"

#include <string>
#include <vector>

namespace ramet::clone {

/// A desired environment and everything that was found while making it. It may run only when `refusals`, `wanted` and
/// `wanted_passwords` are empty; a plan may be shown in any case.
struct Cloned {
    DesiredEnvironment desired{};
    ProjectFile file{};                ///< what counts: trusted and proposed put together
    std::vector<std::string> notes{};  ///< for people: what takes effect once merged, which fallback was taken
    std::vector<Error> refusals{};     ///< all at once
    std::vector<variables::GeneratedWanted> wanted{};  ///< values to make and store, then clone again
    std::vector<std::string> wanted_passwords{};       ///< databases that need one, then clone again
    std::vector<std::string> without_secrets{};        ///< "api.KEY": left out, as this preview gets no secrets
    variables::ResolutionInput resolution{};           ///< for `explain` and for the reasons in a plan
};

/// The preview of a pull request, or one made by hand, as it should be. Pure.
Cloned clone_for_preview(const CloneInput& input);

/// A managed base as its file says. Pure.
Cloned desired_of_base(const BaseInput& input);

/// The name of a pull request's preview by `previews.name`; fits into host names.
std::string preview_name(const PreviewPolicy& policy, const std::string& project, const Revision& revision);

}  // namespace ramet::clone
