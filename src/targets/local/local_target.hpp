#pragma once

#include "targets/local/machine.hpp"
#include "targets/target.hpp"

namespace ramet::targets::local {

/// Whether this installation runs environments on its own machine. Not where that is a pod, whose code would share it with Ramet's own keys.
enum class Offer : std::uint8_t { open, closed };

/// The embedded target: processes of this machine, with no Docker and no Kubernetes.
class LocalTarget final : public Target {
public:
    LocalTarget(Machine machine, Offer offer) : machine_(machine), offer_(offer) {}

    /// `refused` where it is closed, as `render` is.
    Result<void> check_reachable(const TargetDeclaration&) override { return check_open(); }
    Result<engine::Graph> render(const DesiredEnvironment& desired) const override;
    Result<engine::Graph> render_before_delete(const DesiredEnvironment& desired) const override;
    std::vector<std::string> not_enforced(TargetType type) const override;

private:
    Result<void> check_open() const;

    Machine machine_;
    Offer offer_;
};

}  // namespace ramet::targets::local
