#include "targets/kubernetes/cluster.hpp"

#include "targets/kubernetes/object_marks.hpp"

#include <algorithm>
#include <array>

namespace ramet::targets::kubernetes {

namespace {

/// What is not ready by being there.
constexpr std::array awaited{"Deployment", "StatefulSet", "Job", "PersistentVolumeClaim"};

}  // namespace

std::string made_by(std::string_view install)
{
    return fmt::format("labelSelector={}%3D{}", install_label, install);
}

Cluster::Cluster(ApiClient& api, std::string_view install)
    : api_(api), pods_(api, fmt::format("/api/v1/pods?{}", made_by(install)))
{
    for (const auto& kind : known_kinds())
        if (std::ranges::find(awaited, kind.kind) != awaited.end())
            caches_.emplace(kind.kind,
                            std::make_unique<ObjectCache>(api, fmt::format("{}?{}", path_of(kind), made_by(install))));
}

const ObjectCache* Cluster::find_cache(std::string_view kind) const
{
    const auto at = caches_.find(kind);
    return at == caches_.end() ? nullptr : at->second.get();
}

}  // namespace ramet::targets::kubernetes
