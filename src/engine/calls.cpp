#include "engine/calls.hpp"

#include <exception>

namespace ramet::engine {
namespace {

// A provider's clock may be a little behind ours.
constexpr Milliseconds clock_tolerance{120'000};
constexpr Milliseconds look_at_lease_again_after{200};

template <typename T, typename F>
Result<T> guarded(const F& call)
{
    try {
        return call();
    } catch (const std::exception& exception) {
        return fail(ErrorKind::internal, "a driver threw: {}", exception.what());
    }
}

/// What is refused here was not sent.
Result<void> check_lease(const CallRequest& request, const Call& call)
{
    if (!call.may_change || call.may_change()) return {};
    return fail(ErrorKind::unavailable, "{}: the lease of {} has to be renewed first", request.ref.path,
                request.ref.mark.owner.str());
}

/// A driver goes on with its work when it is asked how far that is: such a question may change something too. That it has to wait for
/// our own lease is no failure of it.
Result<Readiness> ask(Driver& driver, const CallRequest& request, const ResourceRef& ref, const Call& call)
{
    if (const auto allowed = check_lease(request, call); !allowed)
        return NotYet{look_at_lease_again_after, allowed.error().message};
    return guarded<Readiness>([&] { return driver.await(call, ref); });
}

CallOutcome perform_apply(Driver& driver, const CallRequest& request, const Call& call)
{
    CallOutcome outcome;
    if (auto allowed = check_lease(request, call); !allowed) {
        outcome.applied = std::unexpected(allowed.error());
        return outcome;
    }
    outcome.applied = guarded<Acknowledged>([&] { return driver.apply(call, request.ref, request.token); });
    if (!*outcome.applied) return outcome;
    auto ref = request.ref;
    const auto& acknowledged = **outcome.applied;
    if (!acknowledged.external_id.empty()) ref.external_id = acknowledged.external_id;
    if (!acknowledged.identity.empty()) ref.identity = acknowledged.identity;
    for (const auto& [name, value] : acknowledged.outputs) ref.outputs[name] = value;
    outcome.readiness = ask(driver, request, ref, call);
    return outcome;
}

Result<Observation> look(Driver& driver, const CallRequest& request, const Call& call)
{
    return guarded<Observation>([&] { return driver.probe(call, request.ref); });
}

CallOutcome perform_remove(Driver& driver, const CallRequest& request, const Call& call)
{
    CallOutcome outcome;
    outcome.observed = look(driver, request, call);
    if (!*outcome.observed || (*outcome.observed)->presence != Presence::ours) return outcome;
    const auto& observation = **outcome.observed;
    outcome.removed = check_proof(request, observation);
    if (*outcome.removed) outcome.removed = check_lease(request, call);
    if (!*outcome.removed) return outcome;
    DeletionProof proof{request.ref, request.intent_at};
    proof.resource.identity = observation.identity;
    if (!observation.external_id.empty()) proof.resource.external_id = observation.external_id;
    outcome.removed = guarded<void>([&] { return driver.remove(call, proof); });
    if (*outcome.removed) outcome.observed = look(driver, request, call);
    return outcome;
}

}  // namespace

std::string_view to_string(Verb verb)
{
    switch (verb) {
    case Verb::apply: return "apply";
    case Verb::await: return "await";
    case Verb::probe: return "probe";
    case Verb::remove: return "remove";
    }
    return "unknown";
}

bool is_older_than_intent(const Observation& observation, Time intent_at)
{
    return observation.created_at && *observation.created_at + clock_tolerance < intent_at;
}

Result<void> check_proof(const CallRequest& removal, const Observation& observation)
{
    const auto refuse = [&](std::string_view why) {
        return std::unexpected(Error{ErrorKind::refused, "not removing " + removal.ref.path + ": " + std::string(why),
                                     observation.evidence, "look at it, and remove it by hand if it is yours"});
    };
    if (removal.intent_at == Time{}) return refuse("there is no INTENT of ours for it");
    if (removal.ref.mark.nonce.empty()) return refuse("the ledger has no owner nonce for it");
    if (observation.presence != Presence::ours) return refuse("what has its name does not carry our nonce");
    if (!removal.expected_identity.empty() && !observation.identity.empty() &&
        observation.identity != removal.expected_identity)
        return refuse("what carries our mark has the identity " + observation.identity + ", not " +
                      removal.expected_identity);
    if (is_older_than_intent(observation, removal.intent_at)) return refuse("it is older than our INTENT");
    return {};
}

CallOutcome perform(Driver& driver, const CallRequest& request, const Call& call)
{
    CallOutcome outcome;
    switch (request.verb) {
    case Verb::apply: return perform_apply(driver, request, call);
    case Verb::remove: return perform_remove(driver, request, call);
    case Verb::await: outcome.readiness = ask(driver, request, request.ref, call); return outcome;
    case Verb::probe: outcome.observed = look(driver, request, call); return outcome;
    }
    return outcome;
}

}  // namespace ramet::engine
