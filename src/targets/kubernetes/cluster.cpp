#include "targets/kubernetes/cluster.hpp"

#include "targets/kubernetes/object_marks.hpp"

namespace ramet::targets::kubernetes {

std::string made_by(std::string_view install)
{
    return fmt::format("labelSelector={}%3D{}", install_label, install);
}

Cluster::Cluster(ApiClient& api, std::string_view install, const OnTouched& on_touched)
    : api_(api), pods_(api, fmt::format("/api/v1/pods?{}", made_by(install)))
{
    for (const auto& kind : known_kinds()) {
        if (!kind.is_listed) continue;
        ObjectCache::Options options{.keeps_content = kind.is_awaited};
        if (on_touched) options.on_touched = [on_touched](const Json& object) { on_touched(owner_of(object)); };
        auto path = fmt::format("{}?{}", path_of(kind), made_by(install));
        caches_.emplace(kind.kind, std::make_unique<ObjectCache>(api, std::move(path), std::move(options)));
    }
}

const ObjectCache* Cluster::find_cache(std::string_view kind) const
{
    const auto at = caches_.find(kind);
    return at == caches_.end() ? nullptr : at->second.get();
}

}  // namespace ramet::targets::kubernetes
