#pragma once

#include "app/environments.hpp"
#include "domain/project_file.hpp"
#include "domain/pull_request.hpp"

namespace ramet::app {

/// Fetches the commit that an event names, unless it is here, while another thread reads what the pull request is now. Only for
/// the sake of time: what fails here is done again, and told, by the deployment.
void fetch_early(App& app, const ProjectId& project, std::int64_t number, const CommitSha& head);

/// Brings the preview of one pull request to what the pull request is *now*. Webhook, poll, close, TTL and people all come
/// through here; an event is only a hint and not an argument. An outage of the forge is an error and changes nothing.
Result<void> reconcile_pull_request(App& app, const ProjectId& project, std::int64_t number);
/// Whether that would change something if the pull request is what a list of the Git host says, and `preview` (or null) its row.
/// Asks nobody.
Result<bool> needs_look(App& app, const ProjectId& project, const PreviewPolicy& policy, const PullRequest& listed,
                        const Environment* preview);

/// Redeploys the bases whose branch this is, when its head has moved.
Result<void> reconcile_branch(App& app, const ProjectId& project, const std::string& branch);

struct PreviewRequest {
    std::string project{};
    std::string base{};  ///< empty: previews.base
    std::string branch{};
    std::string commit{};
    std::string name{};  ///< empty: after the branch
};

/// By hand, without a pull request.
Result<EnvironmentView> create_preview(App& app, const Caller& caller, const PreviewRequest& request);

/// Each returns the run that was started (empty when nothing had to be done).
Result<std::string> delete_preview(App& app, const Caller& caller, const EnvironmentName& name);
Result<std::string> redeploy_preview(App& app, const Caller& caller, const EnvironmentName& name);
Result<std::string> reset_preview_data(App& app, const Caller& caller, const EnvironmentName& name,
                                       const std::string& database);
/// Back to what the last good generation deployed.
Result<std::string> roll_back_preview(App& app, const Caller& caller, const EnvironmentName& name);
Result<EnvironmentView> extend_preview(App& app, const Caller& caller, const EnvironmentName& name, Milliseconds by);
Result<EnvironmentView> pin_preview(App& app, const Caller& caller, const EnvironmentName& name, bool pinned);

/// {name, resources[{path, kind, absent_at}], hash}; a reused name gives the newest.
Result<Json> get_receipt(App& app, const Caller& caller, const EnvironmentName& name);

}  // namespace ramet::app
