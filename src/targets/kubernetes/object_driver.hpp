#pragma once

#include "domain/secret_opener.hpp"
#include "engine/driver.hpp"
#include "targets/kubernetes/cluster.hpp"

#include <map>
#include <mutex>

namespace ramet::targets::kubernetes {

/// The kind "kubernetes.object": a namespace, or any object in a namespace of ours. Its spec is
///   {"cluster": context, "namespace": name, "object": what is applied, "once"?, "required"?, "incarnation"?}
/// where the object may hold secrets in the engine's notation, which are opened when it is sent. With `generateName` its name is made from that
/// and from the resource's own derived name, so that another incarnation can stand beside it. What says `once` (a Job) is made anew only where
/// that differs; unless `required`, it may fail. Another `incarnation` is another object. Output: "name".
///
/// It is created by a request that fails where something of that name is there already, so that nothing of others is ever taken over; from
/// then on it is changed by server-side apply, as the very object that was created (its uid).
class ObjectDriver final : public engine::Driver {
public:
    /// Both outlive it.
    ObjectDriver(Clusters& clusters, SecretOpener& secrets) : clusters_(clusters), secrets_(secrets) {}

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
        Cluster& cluster;
        Kind kind;
        std::string space;
        std::string name;
        ApiClient& api() const { return cluster.api(); }
        std::string path() const { return path_of(kind, space, name); }
        std::string list() const { return path_of(kind, space); }
        std::string words() const;
    };
    Result<Place> place_of(const engine::ResourceRef& ref) const;

    static std::optional<engine::Observation> look_at_cache(const Place& place, const engine::ResourceRef& ref);
    Result<Json> make_body(const engine::ResourceRef& ref, const Place& place);
    static Result<Json> create(const engine::Call& call, const engine::ResourceRef& ref, const Place& place,
                               const Json& body);
    static Result<Json> change(const engine::Call& call, const Place& place, Json body, const std::string& identity);
    Result<engine::Readiness> judge(const Place& place, const engine::ResourceRef& ref, const ObjectCache& cache);
    void remember(const Json& object);
    bool is_current(const Json& object);

    Clusters& clusters_;
    SecretOpener& secrets_;
    std::mutex mutex_;
    std::map<std::string, std::int64_t>
        applied_;  ///< by uid: the generation that the cluster answered, until the watch has shown it
};

}  // namespace ramet::targets::kubernetes
