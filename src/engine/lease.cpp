#include "engine/lease.hpp"

namespace ramet::engine {

namespace {

constexpr auto* evidence = "epoch";

}  // namespace

std::unexpected<Error> lost_lease(std::string message)
{
    return std::unexpected(Error{ErrorKind::conflict, std::move(message), evidence});
}

bool is_lost_lease(const Error& error)
{
    return error.kind == ErrorKind::conflict && error.evidence == evidence;
}

bool LeaseWatch::is_over(const Lease& lease, const LeaseTerms& terms, Milliseconds now)
{
    const auto [found, is_new] = sightings_.try_emplace(lease.owner, Sighting{lease, now});
    auto& sighting = found->second;
    if (!is_new && sighting.lease != lease) sighting = Sighting{lease, now};
    return now >= sighting.since + terms.term + terms.margin;
}

void LeaseWatch::keep_only(const std::set<OwnerId>& owners)
{
    std::erase_if(sightings_, [&](const auto& each) { return !owners.contains(each.first); });
}

}  // namespace ramet::engine
