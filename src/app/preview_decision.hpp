#pragma once

#include "base/result.hpp"
#include "domain/environment.hpp"
#include "domain/project_file.hpp"
#include "domain/pull_request.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ramet::app {

/// What is stored about a pull request at the moment of a look at it.
struct Remembered {
    struct Preview {
        EnvironmentState state = EnvironmentState::creating;
        CommitSha commit{};            ///< that its row asks for
        CommitSha submitted{};         ///< of what the engine was given last; empty when it was given nothing
        CommitSha left{};              ///< that a person went back from, or empty
        bool is_half_removed = false;  ///< its removal was asked for last, and did not succeed
    };
    std::optional<Preview> preview{};
    bool was_ended = false;  ///< a person or the clock ended the preview of the present head
};

enum class PreviewAct : std::uint8_t {
    nothing,
    unknown,  ///< the Git host did not say what the pull request is now
    open,
    redeploy,  ///< at the present head
    restore,   ///< the same, and whatever a removal that did not succeed took away is made again
    destroy,
    refuse,  ///< it is told why it gets none
};

struct PreviewDecision {
    PreviewAct act = PreviewAct::nothing;
    std::string reason{};        ///< why it gets none, or loses it
    bool forgets_ended = false;  ///< it was closed, or left the trigger: coming back, it is as good as new
};

/// What follows from one look at a pull request. Pure; the product and the simulation both decide by it.
PreviewDecision decide_preview(const PreviewPolicy& policy, const Result<PullRequest>& answer, const Remembered& known);

/// Every pull request that the periodic look reads. Of those that are listed as open the ones that need it: where nothing would
/// follow from what the list says, reading each would only be a request to the Git host. And all that have a preview and are not
/// listed, so that a close which was missed is seen as well: that one is not listed says nothing by itself.
std::set<std::int64_t> pull_requests_to_look_at(const std::vector<PullRequest>& open,
                                                const std::vector<Environment>& environments,
                                                const std::function<bool(const PullRequest&)>& needs_look);

}  // namespace ramet::app
