#include "storage/hosts.hpp"

#include "base/hash.hpp"
#include "domain/environment.hpp"
#include "storage/rows.hpp"

#include <array>

namespace ramet::storage {
namespace {

Hosts::Holder read(const Row& row)
{
    return {row.text(0), row.id<EnvironmentId>(1), row.text(2), row.text(3)};
}

/// What is tried in turn. A name of one's own project is told apart by the hash, as its suffix would say nothing.
std::array<std::string, 3> candidates(const Hosts::Claim& claim)
{
    const auto hash = short_hash({claim.owner.str(), claim.service}, 8);
    return {public_label(claim.label) + "." + claim.domain,
            public_label(claim.label + "-" + claim.project) + "." + claim.domain,
            public_label(claim.label + "-" + claim.project + "-" + hash) + "." + claim.domain};
}

}  // namespace

Result<std::string> Hosts::ensure(Transaction& transaction, const Claim& claim)
{
    const auto hosts = candidates(claim);
    const auto held =
        TRY(transaction->find("SELECT host FROM host WHERE owner = ? AND service = ? AND wanted = ?",
                              {claim.owner, claim.service, hosts[0]}, [](const Row& row) { return row.text(0); }));
    if (held) return *held;
    for (const auto& host : hosts) {
        const auto inserted = TRY(transaction->execute(
            "INSERT INTO host (host, wanted, owner, service, project) VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
            {host, hosts[0], claim.owner, claim.service, claim.project}));
        if (inserted == 1) return host;
    }
    return fail(ErrorKind::conflict, "no host is left for the service {}: {} and names made of it are taken",
                claim.service, hosts[0]);
}

Result<void> Hosts::release(Transaction& transaction, const EnvironmentId& owner)
{
    return discard_count(transaction->execute("DELETE FROM host WHERE owner = ?", {owner}));
}

Result<std::optional<Hosts::Holder>> Hosts::find(std::string_view host, Transaction* within)
{
    Reading reading(database_, within);
    return reading->find("SELECT host, owner, service, project FROM host WHERE host = ?", {host}, read);
}

Result<std::vector<Hosts::Holder>> Hosts::list(const EnvironmentId& owner, Transaction* within)
{
    Reading reading(database_, within);
    return reading->list("SELECT host, owner, service, project FROM host WHERE owner = ? ORDER BY host", {owner}, read);
}

}  // namespace ramet::storage
