#pragma once

#include "domain/secret_opener.hpp"
#include "engine/driver.hpp"
#include "targets/kubernetes/kinds.hpp"
#include "targets/kubernetes/object_cache.hpp"

#include <map>
#include <memory>

namespace ramet::targets::kubernetes {

/// The kind "kubernetes.object": any object in a namespace of ours. Its spec is {"namespace", "object"}, where the object may hold
/// secrets in the engine's notation, which are opened when it is sent.
///
/// It is created by a request that fails where something of that name is there already, so that nothing of others is ever taken over; from then on it
/// is changed by server-side apply, as the very object that was created (its uid).
class ObjectDriver final : public engine::Driver {
public:
    /// All of them outlive it. Watches what has to become ready, as long as it lives.
    ObjectDriver(ApiClient& api, SecretOpener& secrets, const std::string& install);

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    /// Where the object of a spec stands.
    struct Place {
        Kind kind;
        std::string space;
        std::string name;
        std::string path() const { return path_of(kind, space, name); }
        std::string list() const { return path_of(kind, space); }
    };
    static Result<Place> place_of(const engine::ResourceRef& ref);

    Result<Json> make_body(const engine::ResourceRef& ref);
    Result<Json> create(const engine::Call& call, const engine::ResourceRef& ref, const Place& place, const Json& body);
    Result<Json> change(const engine::Call& call, const Place& place, Json body, const std::string& identity);
    Result<engine::Readiness> judge(const Place& place, const engine::ResourceRef& ref, const ObjectCache& cache) const;

    ApiClient& api_;
    SecretOpener& secrets_;
    std::map<std::string, std::unique_ptr<ObjectCache>, std::less<>>
        caches_;  ///< by kind: of what has a readiness of its own
    std::unique_ptr<ObjectCache> pods_;
};

}  // namespace ramet::targets::kubernetes
