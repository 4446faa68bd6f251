#include "engine/calls.hpp"

#include "fakes/memory_driver.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

namespace ramet::engine {
namespace {

const Time noon{Milliseconds{1'700'000'000'000}};

CallRequest removal()
{
    CallRequest request;
    request.verb = Verb::remove;
    request.ref.path = "service/web";
    request.ref.name = "web-1";
    request.ref.mark = {"install", OwnerId("env-1"), "nonce"};
    request.intent_at = noon;
    request.expected_identity = "identity-1";
    return request;
}

Observation ours()
{
    return Observation{Presence::ours, "", "identity-1", "", "", noon + Milliseconds{5}};
}

TEST_CASE("nothing is deleted without every part of the proof")
{
    struct Case {
        std::string_view story;
        std::function<void(CallRequest&, Observation&)> spoil;
        bool is_proven;
    };
    const Case cases[] = {
        {"all of it holds", [](CallRequest&, Observation&) {}, true},
        {"no INTENT", [](CallRequest& call, Observation&) { call.intent_at = Time{}; }, false},
        {"no nonce", [](CallRequest& call, Observation&) { call.ref.mark.nonce.clear(); }, false},
        {"somebody else's", [](CallRequest&, Observation& seen) { seen.presence = Presence::foreign; }, false},
        {"a copied mark", [](CallRequest&, Observation& seen) { seen.identity = "identity-2"; }, false},
        {"older than our INTENT",
         [](CallRequest&, Observation& seen) { seen.created_at = noon - Milliseconds{600'000}; }, false},
        {"a clock a little behind",
         [](CallRequest&, Observation& seen) { seen.created_at = noon - Milliseconds{1'000}; }, true},
        {"a provider that cannot tell the age", [](CallRequest&, Observation& seen) { seen.created_at.reset(); }, true},
        {"the answer that told the identity was lost",
         [](CallRequest& call, Observation&) { call.expected_identity.clear(); }, true},
    };
    for (const auto& [story, spoil, is_proven] : cases) {
        CAPTURE(story);
        auto call = removal();
        auto seen = ours();
        spoil(call, seen);
        const auto proof = check_proof(call, seen);
        CHECK(proof.has_value() == is_proven);
        if (!proof) CHECK(proof.error().kind == ErrorKind::refused);
    }
}

TEST_CASE("an apply is awaited in the same breath with what its answer told")
{
    fakes::MemoryDriver driver;
    CallRequest request = removal();
    request.verb = Verb::apply;
    const auto outcome = perform(driver, request, Call{});
    REQUIRE(outcome.applied->has_value());
    CHECK((*outcome.applied)->outputs.at("address") == "web-1:1");
    CHECK(std::holds_alternative<Ready>(**outcome.readiness));
}

TEST_CASE("a removal looks before and after, and touches nothing that is not ours")
{
    fakes::MemoryDriver driver;
    auto request = removal();
    request.expected_identity.clear();
    CHECK((*perform(driver, request, Call{}).observed)->presence == Presence::absent);
    request.verb = Verb::apply;
    perform(driver, request, Call{});
    request.verb = Verb::remove;
    auto stranger = request;
    stranger.ref.mark.nonce = "another";
    const auto refused = perform(driver, stranger, Call{});
    CHECK((*refused.observed)->presence == Presence::foreign);
    CHECK_FALSE(refused.removed.has_value());
    const auto removed = perform(driver, request, Call{});
    CHECK(removed.removed->has_value());
    CHECK((*removed.observed)->presence == Presence::absent);
}

TEST_CASE(
    "what changes something is not sent when the lease has ended, also when it ended during the look before a removal")
{
    fakes::MemoryDriver driver;
    auto request = removal();
    request.expected_identity.clear();
    Call call;
    int asked = 0;
    call.may_change = [&asked] { return ++asked > 2; };
    request.verb = Verb::apply;
    const auto applied = perform(driver, request, call);
    CHECK(applied.applied->error().kind == ErrorKind::unavailable);
    CHECK_FALSE(applied.readiness.has_value());
    CHECK(driver.calls() == 0);
    perform(driver, request, Call{});
    request.verb = Verb::remove;
    const auto removed = perform(driver, request, call);
    CHECK(removed.removed->error().kind == ErrorKind::unavailable);
    CHECK(driver.has("service/web"));
    CHECK(perform(driver, request, call).removed->has_value());
    CHECK_FALSE(driver.has("service/web"));
    // A look needs no lease.
    request.verb = Verb::probe;
    CHECK(perform(driver, request, call).observed->has_value());
    CHECK(asked == 3);
}

/// Breaks its contract.
class ThrowingDriver final : public Driver {
public:
    Result<Observation> probe(const Call&, const ResourceRef&) override { throw std::runtime_error("oh"); }
    Result<Acknowledged> apply(const Call&, const ResourceRef&, const Token&) override
    {
        throw std::runtime_error("oh");
    }
    Result<Readiness> await(const Call&, const ResourceRef&) override { throw std::runtime_error("oh"); }
    Result<void> remove(const Call&, const DeletionProof&) override { throw std::runtime_error("oh"); }
    Result<std::vector<InventoryItem>> inventory(const Call&, const std::string&) override
    {
        throw std::runtime_error("oh");
    }
    Change classify_change(const Json&, const Json&) const override { return Change::update; }
};

TEST_CASE("an exception of a driver is an internal error, not the end of the server")
{
    ThrowingDriver driver;
    auto request = removal();
    for (const auto verb : {Verb::apply, Verb::await, Verb::probe, Verb::remove}) {
        request.verb = verb;
        const auto outcome = perform(driver, request, Call{});
        if (outcome.applied) CHECK(outcome.applied->error().kind == ErrorKind::internal);
        if (outcome.readiness) CHECK(outcome.readiness->error().kind == ErrorKind::internal);
        if (outcome.observed) CHECK(outcome.observed->error().kind == ErrorKind::internal);
    }
}

}  // namespace
}  // namespace ramet::engine
