#pragma once

#include "targets/target.hpp"

#include <map>

namespace ramet::targets {

/// Every kind of target that this version serves, as one: each environment goes to that of its type.
class TargetTable final : public Target {
public:
    /// All of them outlive it.
    explicit TargetTable(std::map<TargetType, Target*> targets) : targets_(std::move(targets)) {}

    Result<void> check_reachable(const TargetDeclaration& declared) override;
    Result<engine::Graph> render(const DesiredEnvironment& desired) const override;
    Result<engine::Graph> render_before_delete(const DesiredEnvironment& desired) const override;
    std::vector<std::string> not_enforced(TargetType type) const override;

private:
    Result<Target*> find(TargetType type) const;

    std::map<TargetType, Target*> targets_;
};

}  // namespace ramet::targets
