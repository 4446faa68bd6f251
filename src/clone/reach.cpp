#include "clone/reach.hpp"

#include "base/text.hpp"
#include "clone/address_parts.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::clone {
namespace {

// URLs inside of query strings inside of URLs: deeper nesting is nobody's configuration.
constexpr int deepest_nesting = 3;

// Every machine has these hosts; without a port they say nothing.
bool is_own_machine(std::string_view host)
{
    return host == "localhost" || host == "::1" || host.starts_with("127.") || host.ends_with(".localhost");
}

class Search {
public:
    explicit Search(const ReachRules& rules) : rules_(rules) {}

    void search(std::string_view value, int depth)
    {
        check_whole(trim(value));
        for (const auto& token : tokens_of(value)) {
            check_whole(token);
            check_address(parse_address(token), depth);
        }
        check_address(parse_dsn(value), depth);
    }

    std::vector<Reach> take() { return {found_.begin(), found_.end()}; }

private:
    void note(ReachKind kind, const Fingerprints& of, std::string what)
    {
        found_.insert({kind, of.environment, std::move(what)});
    }

    /// A token as a whole: an address, a host, a bucket, a secret.
    void check_whole(std::string_view token)
    {
        if (token.empty()) return;
        const auto lower = to_lower(token);
        const auto hash = rules_.keyed_hash ? rules_.keyed_hash(token) : std::string();
        for (const auto& each : rules_.protected_environments) {
            if (each.addresses.contains(lower)) note(ReachKind::address, each, lower);
            if (each.public_hosts.contains(lower)) note(ReachKind::public_host, each, lower);
            if (each.buckets.contains(std::string(token))) note(ReachKind::bucket, each, std::string(token));
            if (!hash.empty() && each.secret_hashes.contains(hash)) note(ReachKind::secret, each, "");
            if (is_host_of(each, lower)) note(ReachKind::address, each, lower);
        }
    }

    /// A host that stands alone, its port in another variable. Single words are names inside an environment: the clone has them too.
    static bool is_host_of(const Fingerprints& each, const std::string& host)
    {
        if (host.find('.') == std::string::npos || host.find(':') != std::string::npos || is_own_machine(host))
            return false;
        const auto next = each.addresses.lower_bound(host + ":");
        return next != each.addresses.end() && next->starts_with(host + ":");
    }

    void check_address(const AddressParts& parts, int depth)
    {
        check_query(parts.query, depth);  // "postgres:///shop?host=…" has no host of its own.
        if (parts.host.empty()) return;
        const auto address = parts.host + ":" + parts.port;
        for (const auto& each : rules_.protected_environments) {
            if (each.addresses.contains(address)) note(ReachKind::address, each, address);
            if (each.public_hosts.contains(parts.host)) note(ReachKind::public_host, each, parts.host);
            check_bucket(parts, each);
            if (!rules_.own_addresses.contains(address)) check_names(parts, each);
        }
        for (const auto* part : {&parts.user, &parts.password}) check_secret(*part);
        for (const auto& part : parts.path) check_secret(part);
    }

    void check_names(const AddressParts& parts, const Fingerprints& each)
    {
        if (each.roles.contains(parts.user)) note(ReachKind::role, each, parts.user);
        const bool is_database =
            parts.scheme != "http" && parts.scheme != "https" && parts.scheme != "ws" && parts.scheme != "wss";
        if (is_database && !parts.path.empty() && each.database_names.contains(parts.path.front()))
            note(ReachKind::database_name, each, parts.path.front());
    }

    /// bucket.s3.example.com, s3://bucket/…, https://s3.example.com/bucket/….
    void check_bucket(const AddressParts& parts, const Fingerprints& each)
    {
        const auto first_label = parts.host.substr(0, parts.host.find('.'));
        for (const auto& name : {parts.host, first_label, parts.path.empty() ? std::string() : parts.path.front()})
            if (each.buckets.contains(name)) note(ReachKind::bucket, each, name);
    }

    void check_secret(std::string_view part)
    {
        const auto hash = rules_.keyed_hash && !part.empty() ? rules_.keyed_hash(part) : std::string();
        for (const auto& each : rules_.protected_environments)
            if (!hash.empty() && each.secret_hashes.contains(hash)) note(ReachKind::secret, each, "");
    }

    void check_query(std::string_view query, int depth)
    {
        if (query.empty() || depth == 0) return;
        std::string dsn;
        for (const auto& field : split(query, '&')) {
            const auto equals = field.find('=');
            const auto value = equals == std::string::npos ? field : field.substr(equals + 1);
            search(percent_decoded(value), depth - 1);
            dsn += percent_decoded(field) + " ";
        }
        check_address(parse_dsn(dsn), 0);
    }

    const ReachRules& rules_;
    std::set<Reach> found_{};
};

}  // namespace

std::vector<Reach> find_reach(std::string_view value, const ReachRules& rules)
{
    Search search(rules);
    search.search(value, deepest_nesting);
    return search.take();
}

std::string describe(const Reach& reach)
{
    switch (reach.kind) {
    case ReachKind::address: return fmt::format("the address {} of {}", reach.what, reach.environment);
    case ReachKind::database_name: return fmt::format("the database name '{}' of {}", reach.what, reach.environment);
    case ReachKind::role: return fmt::format("the database role '{}' of {}", reach.what, reach.environment);
    case ReachKind::bucket: return fmt::format("the bucket '{}' of {}", reach.what, reach.environment);
    case ReachKind::public_host: return fmt::format("the public host {} of {}", reach.what, reach.environment);
    case ReachKind::secret: return fmt::format("the value of a secret of {}", reach.environment);
    }
    return {};
}

}  // namespace ramet::clone
