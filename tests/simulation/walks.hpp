#pragma once

#include <cstdint>
#include <string>

namespace ramet::simulation {

/// What a walk through many small cases found; the first violation ends it.
struct WalkResult {
    std::string what;
    std::uint64_t cases = 0;
    std::uint64_t wanted = 0;  ///< how many there have to be
    std::string violation{};
    std::string story{};
    bool is_good() const { return violation.empty() && cases >= wanted; }
};

/// The server dies at every place of every operation.
WalkResult walk_places();
/// It dies at every place, and the next one at every place after that.
WalkResult walk_pairs();
/// Two servers share the store, and whoever comes to a place dies there; the other one goes on.
WalkResult walk_places_of_two();
/// The same, but it stands still for twice as long as its lease lasts, and then continues.
WalkResult walk_pauses();
/// Each changing call's request, then each one's answer, is lost: nothing is made twice, and nobody is needed.
WalkResult walk_lost_messages();
/// A pull request is closed at random moments while its preview is made, in bad weather.
WalkResult walk_closes(std::uint64_t closes);
/// Twenty pushes within ten seconds to something that takes longer than that; and a push that mends what can never be ready.
WalkResult walk_pushes(std::uint64_t times);
/// Both again, but a Git host tells of the pull requests, by webhooks and when it is asked.
WalkResult walk_hosted_closes(std::uint64_t closes);
WalkResult walk_hosted_pushes(std::uint64_t times);

/// Things of others with copied marks, names and identities, in the way of removals and sweeps, until `met` of them were met.
WalkResult walk_foreign(std::uint64_t met);

}  // namespace ramet::simulation
