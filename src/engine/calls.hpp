#pragma once

#include "engine/driver.hpp"

#include <cstddef>
#include <optional>

namespace ramet::engine {

enum class Verb : std::uint8_t { apply, await, probe, remove };

std::string_view to_string(Verb verb);

/// One call to make: decided by a run's machine, made by a worker.
struct CallRequest {
    std::size_t step = 0;  ///< index in the run's plan
    Verb verb = Verb::probe;
    ResourceRef ref;
    Token token{};     ///< of an apply
    Time intent_at{};  ///< of a removal: its resource's first INTENT
    /// Of a removal: the identity that the object must have; empty when the answer to the last changing call never came.
    std::string expected_identity{};
    Time deadline{};
};

/// What came back. An apply that succeeded is awaited in the same breath; a removal looks before and after.
struct CallOutcome {
    std::optional<Result<Acknowledged>> applied{};
    std::optional<Result<Readiness>> readiness{};
    std::optional<Result<void>> removed{};
    std::optional<Result<Observation>> observed{};  ///< the last look
};

/// Makes the call through `driver`. Exceptions of drivers become `internal` errors.
CallOutcome perform(Driver& driver, const CallRequest& request, const Call& call);

/// The nonce that it carries is younger than it is: somebody copied our mark.
bool is_older_than_intent(const Observation& observation, Time intent_at);

/// Proof before delete: `refused`, with what is wrong, unless all of it holds: our INTENT, the owner's nonce, the identity,
/// created after that INTENT.
Result<void> check_proof(const CallRequest& removal, const Observation& observation);

}  // namespace ramet::engine
