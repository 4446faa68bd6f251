#pragma once

#include "engine/graph.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace ramet::engine {

/// Made once per incarnation from (install, owner, path, incarnation): carried by the object at the provider.
struct OwnerMark {
    std::string install;
    OwnerId owner;
    std::string nonce;  ///< random, per incarnation; proves that an object found by name is ours
    friend bool operator==(const OwnerMark&, const OwnerMark&) = default;
};

/// All that is needed to find the object again when the response to its creation was lost.
struct ResourceRef {
    ResourceId id;
    std::string path;
    std::string kind;
    std::string name;  ///< derived and deterministic; what the provider calls it
    std::int64_t incarnation = 1;
    OwnerMark mark;
    std::string external_id{};  ///< what the provider answered, when it did
    std::string identity{};     ///< the provider's identity of this very object (inode, pid + start time, uid)
    Json spec{};                ///< the filled spec of the last INTENT
    Outputs outputs{};
};

/// One attempt: what may be spent on it.
struct Call {
    Time deadline{};
    std::stop_token stop{};
    std::int64_t epoch = 0;
    /// Asked right before a request that changes something: the lease may have ended while the call waited for its turn, or while it
    /// looked. A driver whose call is made of several such requests may ask before each. Empty where a lease cannot end.
    std::function<bool()> may_change{};
};

/// Idempotency token of one request; the same for every attempt of it.
using Token = Id<struct TokenTag>;

enum class Presence : std::uint8_t { absent, ours, foreign };

struct Observation {
    Presence presence = Presence::absent;
    std::string external_id{};
    std::string identity{};
    /// Of the spec that was last applied completely, when the provider can tell. Empty: after an apply whose answer was lost,
    /// the engine applies again.
    std::string spec_hash{};
    std::string evidence{};
    std::optional<Time> created_at{};  ///< when the provider can tell; a removal checks that it is after our INTENT
    /// False: it is ours, and what was applied does not stand any more (its process has ended): it is applied again.
    bool is_intact = true;
};

struct Acknowledged {
    std::string external_id{};
    std::string identity{};
    Outputs outputs{};
};

struct Ready {
    Outputs outputs{};
};
struct NotYet {
    Milliseconds look_again_after{50};  ///< at the latest; the engine looks sooner at what has only begun
    std::string reason{};
};
struct Failed {
    Error error;
};
using Readiness = std::variant<Ready, NotYet, Failed>;

/// Checked by the engine before each removal; the driver deletes exactly this incarnation, by identity.
struct DeletionProof {
    ResourceRef resource;
    Time intent_at{};
};

struct InventoryItem {
    std::string kind;
    std::string name;
    OwnerMark mark;
    std::string external_id{};
    std::string identity{};
    Time created_at{};
};

/// One kind of resource, as the engine sees it. Called from many threads; every call has a deadline and may be repeated.
/// A driver keeps no state of its own: what must survive a crash is in the journal or at the provider.
class Driver {
public:
    virtual ~Driver() = default;

    /// What is there now. A listing that failed half way is an error, never "absent".
    virtual Result<Observation> probe(const Call& call, const ResourceRef& ref) = 0;

    /// Creates or updates. The owner mark is part of the creating request, so that a lost response can be found again.
    /// `ref.spec` is the filled spec to bring about; `ref.identity` is empty at creation.
    virtual Result<Acknowledged> apply(const Call& call, const ResourceRef& ref, const Token& token) = 0;

    /// Ready (with all promised outputs), not yet, or failed with evidence. Never blocks.
    virtual Result<Readiness> await(const Call& call, const ResourceRef& ref) = 0;

    /// Deletes exactly the incarnation that `proof` names. Absent already is success. May return before it is gone: the engine
    /// probes until absence is observed.
    virtual Result<void> remove(const Call& call, const DeletionProof& proof) = 0;

    /// Everything of this driver's kinds that carries our install's mark; failed or truncated is an error, never empty.
    virtual Result<std::vector<InventoryItem>> inventory(const Call& call, const std::string& install) = 0;

    /// Whether a changed spec is applied in place (`update`) or needs a new incarnation beside or instead of the old one.
    enum class Change : std::uint8_t { keep, update, replace };
    virtual Change classify_change(const Json& old_spec, const Json& new_spec) const = 0;

    /// How long after a changing call "absent" may still be a stale answer, or the call may still take effect. Until then the
    /// engine does not believe it. Zero where a read sees every write and no call outlives its caller, as on one machine.
    virtual Milliseconds consistency_horizon() const { return Milliseconds{0}; }

    /// Whether apply() may be interrupted by a cancel within two seconds.
    virtual bool is_cancellable() const { return true; }
};

/// The one place where kinds meet drivers; filled by the daemon's wiring.
using Drivers = std::map<std::string, Driver*>;

}  // namespace ramet::engine
