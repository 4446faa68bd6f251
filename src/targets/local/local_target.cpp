#include "targets/local/local_target.hpp"

#include "targets/local/render.hpp"

namespace ramet::targets::local {

Result<void> LocalTarget::check_open() const
{
    if (offer_ == Offer::open) return {};
    return std::unexpected(Error{ErrorKind::refused,
                                 "this Ramet runs no environments on its own machine (--without-local-target)",
                                 {},
                                 "name a target of another type in ramet.yaml"});
}

/// Also asked for environments whose target is built in, and so is not declared.
Result<engine::Graph> LocalTarget::render(const DesiredEnvironment& desired) const
{
    TRY(check_open());
    return render_environment(desired);
}

Result<engine::Graph> LocalTarget::render_before_delete(const DesiredEnvironment& desired) const
{
    return render_last_jobs(desired);
}

std::vector<std::string> LocalTarget::not_enforced(TargetType) const
{
    std::vector<std::string> gaps;
    if (offer_ == Offer::closed) return gaps;
    if (!runs_as_root())
        gaps.emplace_back(
            "Ramet does not run as root: builds, services and databases of all environments run as its own user, and "
            "could read its data directory");
    for (const auto* gap :
         {"services of one environment can reach those of another on loopback; databases and Redis ask for a password",
          "limits of memory and processor time (resources) are not applied to processes",
          "services can reach the internet and this machine's network",
          "processes of other users can be listed, without their environment"})
        gaps.emplace_back(gap);
    return gaps;
}

}  // namespace ramet::targets::local
