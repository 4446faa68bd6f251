#pragma once

#include "engine/records.hpp"

#include <map>
#include <set>

namespace ramet::engine {

/// How long leases last where several servers share one store. All of them have to use the same.
struct LeaseTerms {
    /// From one renewal; the next is asked for after a third of it.
    Milliseconds term{10'000};
    /// The longest that one request to a provider takes. A holder begins nothing in the last `margin` of its term, and a successor
    /// waits as long after it.
    Milliseconds margin{5'000};
};

/// How a store refuses a write because its lease is not as it was believed to be: `conflict`, and told from others of that kind.
std::unexpected<Error> lost_lease(std::string message);
bool is_lost_lease(const Error& error);

/// A lease that this server has, by its own monotonic clock. Wall clocks decide nothing.
struct HeldLease {
    Lease lease{};
    /// When the last renewal was sent, not when it was answered: it may have been written at any moment since.
    Milliseconds asked_at{0};

    /// Whether a call may begin, or a write be sent.
    bool may_act(const LeaseTerms& terms, Milliseconds now) const { return now < asked_at + terms.term - terms.margin; }
    bool is_over(const LeaseTerms& terms, Milliseconds now) const { return now >= ends_at(terms); }
    Milliseconds ends_at(const LeaseTerms& terms) const { return asked_at + terms.term; }
};

/// What this server has seen of the leases of others. One is over when it was seen to be the same for as long as it lasts, and the
/// margin after that: whatever its holder sent before is over by then. Not thread-safe.
class LeaseWatch {
public:
    /// `lease` was read before `now`. Whether it is over.
    bool is_over(const Lease& lease, const LeaseTerms& terms, Milliseconds now);
    /// Nothing is to be done for the others.
    void keep_only(const std::set<OwnerId>& owners);
    std::size_t size() const { return sightings_.size(); }

private:
    struct Sighting {
        Lease lease;
        Milliseconds since{0};
    };

    std::map<OwnerId, Sighting> sightings_;
};

}  // namespace ramet::engine
