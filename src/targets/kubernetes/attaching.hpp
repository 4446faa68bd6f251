#pragma once

#include "net/web_socket_client.hpp"
#include "targets/attacher.hpp"
#include "targets/kubernetes/cluster.hpp"

namespace ramet::targets::kubernetes {

/// Commands and connections through the API server. A command whose connection ends loses its input and output; it is the container's runtime that then
/// ends it, or not.
class ClusterAttacher final : public Attacher {
public:
    /// `clusters` outlives it.
    explicit ClusterAttacher(Clusters& clusters) : clusters_(clusters) {}

    Result<RunningCommand> start_command(std::span<const engine::ResourceView> resources,
                                         const CommandRequest& request) override;
    std::optional<CommandEnding> read_ending(std::string_view said) const override;
    Result<Fd> connect(std::span<const engine::ResourceView> resources, const ConnectionRequest& request) override;

private:
    Result<void> join(Cluster& cluster, const std::string& path, std::string_view protocol, net::Joint joint,
                      net::WebSocketJoiner::OnEnd on_end);

    Clusters& clusters_;
    net::WebSocketJoiner joiner_;
};

}  // namespace ramet::targets::kubernetes
