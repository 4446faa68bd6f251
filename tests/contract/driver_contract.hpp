#pragma once
// What every engine::Driver must do, on whatever stands behind it. The subject gives the driver and one resource of it, whose
// needs are there already.

#include "engine/driver.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>

namespace ramet::testing {

struct DriverSubject {
    engine::Driver& driver;
    engine::ResourceRef resource;  ///< with a filled spec; never applied before
    std::vector<std::string> promised_outputs{};
    /// Some kinds are one and the same thing for every incarnation (an allocation that is only read); most are not.
    bool has_identity = true;
};

inline engine::Call contract_call()
{
    return {.deadline =
                std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()) + std::chrono::minutes(1)};
}

/// Awaits until ready or failed; `timeout` after half a minute.
inline Result<engine::Outputs> await_ready(engine::Driver& driver, const engine::ResourceRef& resource)
{
    for (int look = 0; look < 15'000; ++look) {
        auto readiness = driver.await(contract_call(), resource);
        if (!readiness) return std::unexpected(readiness.error());
        if (auto* ready = std::get_if<engine::Ready>(&*readiness)) return ready->outputs;
        if (auto* failed = std::get_if<engine::Failed>(&*readiness)) return std::unexpected(failed->error);
        std::this_thread::sleep_for(Milliseconds(2));
    }
    return fail(ErrorKind::timeout, "{} is never ready", resource.path);
}

/// Applies and awaits; the resource then knows what the driver answered.
inline Result<void> bring_up(engine::Driver& driver, engine::ResourceRef& resource,
                             const std::string& token = "token-1")
{
    auto applied = driver.apply(contract_call(), resource, engine::Token(token));
    if (!applied) return std::unexpected(applied.error());
    resource.external_id = applied->external_id;
    resource.identity = applied->identity;
    resource.outputs.insert(applied->outputs.begin(), applied->outputs.end());
    auto outputs = await_ready(driver, resource);
    if (!outputs) return std::unexpected(outputs.error());
    for (const auto& [name, value] : *outputs) resource.outputs[name] = value;
    return {};
}

inline engine::Presence presence_of(engine::Driver& driver, const engine::ResourceRef& resource)
{
    const auto observed = driver.probe(contract_call(), resource);
    REQUIRE_MESSAGE(observed.has_value(), (observed ? "" : observed.error().message));
    return observed->presence;
}

/// Removes as the engine does: again and again until its absence is observed.
inline Result<void> take_down(engine::Driver& driver, const engine::ResourceRef& resource)
{
    for (int look = 0; look < 5'000; ++look) {
        const auto observed = driver.probe(contract_call(), resource);
        if (!observed) return std::unexpected(observed.error());
        if (observed->presence == engine::Presence::absent) return {};
        engine::DeletionProof proof{resource, {}};
        proof.resource.identity = observed->identity;
        if (const auto removed = driver.remove(contract_call(), proof); !removed) return removed;
        std::this_thread::sleep_for(Milliseconds(1));
    }
    return fail(ErrorKind::timeout, "{} is never gone", resource.path);
}

inline bool is_listed(engine::Driver& driver, const engine::ResourceRef& resource)
{
    const auto items = driver.inventory(contract_call(), resource.mark.install);
    REQUIRE_MESSAGE(items.has_value(), (items ? "" : items.error().message));
    return std::ranges::any_of(*items, [&](const auto& item) {
        return item.kind == resource.kind && item.name == resource.name && item.mark == resource.mark;
    });
}

inline void check_success(const auto& result, std::string_view what)
{
    const auto story = std::string(what);
    CHECK_MESSAGE(result.has_value(), story, ": ",
                  (result.has_value() ? "" : result.error().message + "\n" + result.error().evidence));
}

/// Another incarnation of the same name is foreign, and is neither taken over nor removed; nor does a proof with another identity
/// remove anything.
inline void check_foreigners_are_refused(DriverSubject& subject, const engine::ResourceRef& resource)
{
    auto& driver = subject.driver;
    auto stranger = resource;
    stranger.mark.nonce = "another-nonce";
    stranger.identity.clear();
    CHECK(presence_of(driver, stranger) == engine::Presence::foreign);
    const auto taken = driver.apply(contract_call(), stranger, engine::Token("token-2"));
    CHECK_FALSE(taken.has_value());
    if (!taken) CHECK(taken.error().kind == ErrorKind::conflict);
    (void)driver.remove(contract_call(), {stranger, {}});
    CHECK(presence_of(driver, resource) == engine::Presence::ours);

    if (!subject.has_identity) return;
    auto copy = resource;
    copy.identity = "1:1";
    CHECK_FALSE(driver.remove(contract_call(), {copy, {}}).has_value());
    CHECK(presence_of(driver, resource) == engine::Presence::ours);
}

/// Applied twice with one token is applied once, listed under our install and no other.
inline void check_apply_repeats(DriverSubject& subject, engine::ResourceRef& resource)
{
    auto& driver = subject.driver;
    check_success(bring_up(driver, resource), "the first apply");
    const auto first = driver.probe(contract_call(), resource);
    REQUIRE(first.has_value());
    CHECK(first->presence == engine::Presence::ours);
    check_success(bring_up(driver, resource), "the same apply again");
    const auto second = driver.probe(contract_call(), resource);
    REQUIRE(second.has_value());
    CHECK(second->identity == first->identity);
    for (const auto& output : subject.promised_outputs)
        CHECK_MESSAGE(resource.outputs.contains(output), "output ", output);
    CHECK(is_listed(driver, resource));
    const auto elsewhere = driver.inventory(contract_call(), "another-install");
    REQUIRE(elsewhere.has_value());
    CHECK(elsewhere->empty());
}

/// Run inside a test case. The resource is absent before and after.
inline void check_driver_contract(DriverSubject subject)
{
    auto& driver = subject.driver;
    auto resource = subject.resource;
    CHECK(presence_of(driver, resource) == engine::Presence::absent);
    CHECK_FALSE(is_listed(driver, resource));
    check_success(driver.remove(contract_call(), {resource, {}}), "removing what is not there");

    check_apply_repeats(subject, resource);
    check_foreigners_are_refused(subject, resource);

    check_success(take_down(driver, resource), "the removal");
    CHECK(presence_of(driver, resource) == engine::Presence::absent);
    CHECK_FALSE(is_listed(driver, resource));
    check_success(driver.remove(contract_call(), {resource, {}}), "removing it again");

    // And it can be made anew.
    resource.identity.clear();
    resource.mark.nonce = "nonce-of-a-second-life";
    resource.incarnation = 2;
    check_success(bring_up(driver, resource, "token-3"), "a second incarnation");
    check_success(take_down(driver, resource), "its removal");
    CHECK(presence_of(driver, resource) == engine::Presence::absent);
}

}  // namespace ramet::testing
