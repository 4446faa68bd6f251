#pragma once

#include "engine/records.hpp"
#include "targets/kubernetes/kinds.hpp"
#include "targets/kubernetes/object_cache.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace ramet::targets::kubernetes {

/// "labelSelector=…": what that installation has made.
std::string made_by(std::string_view install);

/// One cluster that we speak with, and what is watched there as long as this lives: our objects of the kinds that may be listed, and our
/// pods.
class Cluster {
public:
    /// Told the owner of an object that somebody has touched, perhaps ourselves.
    using OnTouched = std::function<void(const engine::OwnerId& owner)>;

    /// `api` outlives it. `on_touched` is called by many threads.
    Cluster(ApiClient& api, std::string_view install, const OnTouched& on_touched = {});

    ApiClient& api() { return api_; }
    /// Null for a kind that may not be listed.
    const ObjectCache* find_cache(std::string_view kind) const;
    const ObjectCache& pods() const { return pods_; }

private:
    ApiClient& api_;
    std::map<std::string, std::unique_ptr<ObjectCache>, std::less<>> caches_;  ///< by kind
    ObjectCache pods_;
};

/// The clusters that this installation may use, by the name of their context.
class Clusters {
public:
    virtual ~Clusters() = default;

    /// Lives as long as this. `not_found` where no context is called that, `invalid` and `refused` where its credentials cannot be read or
    /// used; says nothing of whether it answers.
    virtual Result<Cluster*> open(const std::string& context) = 0;
    /// Names of all those in which something of ours may be.
    virtual Result<std::vector<std::string>> list_used() = 0;
};

}  // namespace ramet::targets::kubernetes
