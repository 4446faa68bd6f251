#include "targets/target_table.hpp"

namespace ramet::targets {

Result<Target*> TargetTable::find(TargetType type) const
{
    const auto at = targets_.find(type);
    if (at != targets_.end()) return at->second;
    return fail(ErrorKind::refused, "targets of type {} are not served yet", to_string(type));
}

Result<void> TargetTable::check_reachable(const TargetDeclaration& declared)
{
    return TRY(find(declared.type))->check_reachable(declared);
}

Result<engine::Graph> TargetTable::render(const DesiredEnvironment& desired) const
{
    return TRY(find(desired.target_type))->render(desired);
}

Result<engine::Graph> TargetTable::render_before_delete(const DesiredEnvironment& desired) const
{
    return TRY(find(desired.target_type))->render_before_delete(desired);
}

std::vector<std::string> TargetTable::not_enforced(TargetType type) const
{
    const auto target = find(type);
    return target ? (*target)->not_enforced(type) : std::vector<std::string>{};
}

}  // namespace ramet::targets
