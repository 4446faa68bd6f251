#pragma once

#include "targets/attacher.hpp"
#include "targets/local/machine.hpp"

namespace ramet::targets::local {

/// Commands are started by the service's own shim, which knows what the service has and ends them with it.
class LocalAttacher final : public Attacher {
public:
    explicit LocalAttacher(Machine machine) : machine_(machine) {}

    Result<RunningCommand> start_command(std::span<const engine::ResourceView> resources,
                                         const CommandRequest& request) override;
    std::optional<CommandEnding> read_ending(std::string_view said) const override;
    Result<Fd> connect(std::span<const engine::ResourceView> resources, const ConnectionRequest& request) override;

private:
    Machine machine_;
};

}  // namespace ramet::targets::local
