#pragma once

#include "domain/project_file.hpp"
#include "domain/pull_request.hpp"

#include <string>

namespace ramet::clone {

enum class Wish : std::uint8_t {
    wanted,
    not_wanted,  ///< an existing preview ends, as a close would end it
    awaiting,    ///< a fork: somebody has to approve this commit first; an existing preview stays as it is
    as_it_is,    ///< closed, and `destroy_on` keeps the preview: none is made, none is ended
};

enum class ForkSecrets : std::uint8_t { allowed, none };

struct Wanted {
    Wish wish = Wish::not_wanted;
    std::string reason{};  ///< one sentence for people; empty when wanted
    ForkSecrets secrets = ForkSecrets::allowed;
};

struct ForkTrust {
    /// Local targets refuse forks, whatever `forks` says, until they have a sandbox.
    TargetType target = TargetType::local;
    CommitSha approved_commit{};  ///< what somebody with the right to has approved of this pull request, or empty
};

/// Whether a pull request, as it is now, should have a preview. Pure.
Wanted wants_preview(const PreviewPolicy& policy, const PullRequest& pull_request, const ForkTrust& trust);

}  // namespace ramet::clone
