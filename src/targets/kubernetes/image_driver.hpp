#pragma once

#include "targets/kubernetes/object_driver.hpp"
#include "targets/kubernetes/registry.hpp"

namespace ramet::targets::kubernetes {

/// The kind "kubernetes.image": which image a reference stood for when it was first asked for. Its spec is an object's, whose ConfigMap notes
/// the reference ("data": {"image"}), "registry": the one that the target names, which may be anywhere (all others are public ones), and
/// "login": the secret by which we sign in there, where one is needed.
/// Output: "reference", with the digest. Waits until the registry has the image.
class ImageDriver final : public engine::Driver {
public:
    struct Registries {
        Registry& of_target;
        Registry& of_the_internet;
    };
    /// All of them outlive it.
    ImageDriver(ObjectDriver& notes, SecretOpener& secrets, Registries registries)
        : notes_(notes), secrets_(secrets), registries_(registries)
    {
    }

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    /// Its notes are among the objects of ObjectDriver's inventory.
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call&, const std::string&) override
    {
        return std::vector<engine::InventoryItem>{};
    }
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

private:
    Result<std::optional<std::string>> find_digest(const engine::Call& call, const engine::ResourceRef& ref);

    ObjectDriver& notes_;
    SecretOpener& secrets_;
    Registries registries_;
};

}  // namespace ramet::targets::kubernetes
