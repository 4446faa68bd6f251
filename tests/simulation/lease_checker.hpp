#pragma once

#include "engine/lease.hpp"
#include "engine/run_store.hpp"
#include "simulation/checker.hpp"

#include <map>

namespace ramet::simulation {

/// Where several servers share a store: whose writes and calls there may be, by the true time and by what was accepted. It knows
/// nothing of what the servers believe.
class LeaseChecker {
public:
    LeaseChecker(Checker& checker, engine::LeaseTerms terms) : checker_(checker), terms_(terms) {}

    void on_accepted(const engine::Batch& batch, Milliseconds now);
    /// A changing call arrives at the provider.
    void on_call(const engine::OwnerId& owner, std::int64_t epoch, Milliseconds now);

private:
    struct State {
        engine::Lease lease{};
        std::string last_holder{};                          ///< of this epoch
        std::map<std::int64_t, Milliseconds> renewed_at{};  ///< by epoch, for the last time
        std::int64_t newest_caller = 0;
    };

    void on_taken(const State& before, const engine::Lease& to, Milliseconds now);
    void on_kept(const State& before, const engine::Lease& to);

    Checker& checker_;
    engine::LeaseTerms terms_;
    std::map<engine::OwnerId, State> owners_;
};

}  // namespace ramet::simulation
