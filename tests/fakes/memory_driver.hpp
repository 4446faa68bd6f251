#pragma once

#include "engine/driver.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ramet::fakes {

/// A provider in memory for the engine's unit tests, with faults on order. Thread-safe.
/// What changes a spec's member "replace" asks for a new incarnation; everything else is updated in place.
class MemoryDriver final : public engine::Driver {
public:
    struct Object {
        engine::ResourceRef ref;
        std::string identity;
        std::string spec_hash;
        int revision = 0;
        bool is_intact = true;
    };

    Result<engine::Observation> probe(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<engine::Acknowledged> apply(const engine::Call& call, const engine::ResourceRef& ref,
                                       const engine::Token& token) override;
    Result<engine::Readiness> await(const engine::Call& call, const engine::ResourceRef& ref) override;
    Result<void> remove(const engine::Call& call, const engine::DeletionProof& proof) override;
    Result<std::vector<engine::InventoryItem>> inventory(const engine::Call& call, const std::string& install) override;
    Change classify_change(const Json& old_spec, const Json& new_spec) const override;

    /// The next `times` calls "apply service/web" (verb and path) answer `error`; what they ask for is not done.
    void fail(const std::string& verb_and_path, Error error, int times = 1);
    /// As `fail`, but what was asked for is done: the answer is lost.
    void lose_answer(const std::string& verb_and_path, int times = 1);
    /// `path` answers "not yet" so many times before it is ready.
    void delay(const std::string& path, int looks);
    /// `path` is never ready: it fails with evidence.
    void break_down(const std::string& path);
    void repair(const std::string& path);
    /// apply() of `path` blocks until it is interrupted or `release`d.
    void block(const std::string& path);
    void release(const std::string& path);

    /// What was made at `path` does not stand any more; apply() mends it.
    void damage(const std::string& path);
    /// From now on probe() cannot say which spec was applied last.
    void tell_no_specs();
    /// Whether await() gives the output "revision", which an older version did not know.
    void give_revisions(bool gives);

    /// Something of somebody else, or of an earlier install, that is simply there.
    void put(const std::string& name, Object object);
    void erase(const std::string& name);
    std::map<std::string, Object> objects() const;
    /// By path; fails the test when there is none or more than one.
    Object object(const std::string& path) const;
    bool has(const std::string& path) const;
    /// "apply service/web", "remove …": changing calls in order, and how many calls of all verbs there were.
    std::vector<std::string> changes() const;
    int calls() const;

private:
    struct Fault {
        Error error;
        int times = 0;
        bool is_done = false;
    };

    std::optional<Fault> take_fault(const std::string& verb, const std::string& path);

    mutable std::mutex mutex_;
    std::map<std::string, Object> objects_;
    std::map<std::string, Fault> faults_;
    std::map<std::string, int> delays_;
    std::map<std::string, bool> broken_;
    std::map<std::string, bool> blocked_;
    std::vector<std::string> changes_;
    bool tells_specs_ = true;
    bool gives_revisions_ = true;
    int calls_ = 0;
    int identities_ = 0;
};

}  // namespace ramet::fakes
