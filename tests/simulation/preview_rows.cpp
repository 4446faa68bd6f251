#include "simulation/preview_rows.hpp"

namespace ramet::simulation {

std::optional<PreviewRows::Preview> PreviewRows::find(const EnvironmentId& id) const
{
    const auto found = previews_.find(id);
    return found == previews_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<PreviewRows::Preview> PreviewRows::find_by_pull_request(std::int64_t number) const
{
    for (const auto& [id, preview] : previews_)
        if (preview.row.pull_request == number) return preview;
    return std::nullopt;
}

std::vector<Environment> PreviewRows::list() const
{
    std::vector<Environment> rows;
    for (const auto& [id, preview] : previews_) rows.push_back(preview.row);
    return rows;
}

std::map<std::int64_t, EnvironmentState> PreviewRows::states() const
{
    std::map<std::int64_t, EnvironmentState> states;
    for (const auto& [id, preview] : previews_) states[preview.row.pull_request] = preview.row.state;
    return states;
}

Result<void> PreviewRows::insert(const Environment& row)
{
    if (find_by_pull_request(row.pull_request))
        return fail(ErrorKind::conflict, "there is a preview of #{}", row.pull_request);
    previews_.emplace(row.id, Preview{row});
    return {};
}

Result<void> PreviewRows::update(const Environment& row, std::int64_t expected_generation)
{
    const auto found = previews_.find(row.id);
    if (found == previews_.end()) return fail(ErrorKind::not_found, "there is no {}", row.id.str());
    auto& stored = found->second.row;
    if (stored.desired_generation != expected_generation)
        return fail(ErrorKind::conflict, "{} is at generation {} by now", row.id.str(), stored.desired_generation);
    stored = row;
    return {};
}

bool PreviewRows::was_ended_at(std::int64_t number, const CommitSha& head) const
{
    const auto found = ended_.find(number);
    return found != ended_.end() && found->second == head;
}

}  // namespace ramet::simulation
