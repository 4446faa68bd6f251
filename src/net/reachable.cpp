#include "net/reachable.hpp"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <memory>

namespace ramet::net {

namespace {

struct Place {
    std::string host;
    std::uint16_t port = 0;
};

std::uint16_t default_port(std::string_view scheme)
{
    if (scheme == "https") return 443;
    return scheme == "ssh" ? 22 : 80;
}

Result<Place> read_place(std::string_view scheme, std::string_view authority)
{
    const auto user = authority.rfind('@');
    if (user != std::string_view::npos) authority.remove_prefix(user + 1);
    const bool is_v6 = authority.starts_with('[');
    const auto end = is_v6 ? authority.find(']') : authority.find(':');
    Place place{std::string(authority.substr(0, end)), default_port(scheme)};
    if (is_v6) place.host.erase(0, 1);
    auto rest = end == std::string_view::npos ? std::string_view() : authority.substr(end + (is_v6 ? 1 : 0));
    const bool is_cut_off = is_v6 && end == std::string_view::npos;
    if (rest.starts_with(':')) rest.remove_prefix(1);
    const auto [read, error] = std::from_chars(rest.data(), rest.data() + rest.size(), place.port);
    const bool has_odd_port = !rest.empty() && (error != std::errc() || read != rest.data() + rest.size());
    if (!place.host.empty() && !is_cut_off && !has_odd_port) return place;
    return fail(ErrorKind::invalid, "\"{}\" names no host", authority);
}

using Found = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

Found look_up(const std::string& host, int flags, int& problem)
{
    addrinfo wanted{};
    wanted.ai_flags = flags;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    problem = ::getaddrinfo(host.c_str(), nullptr, &wanted, &found);
    return {found, &::freeaddrinfo};
}

}  // namespace

Result<Reachable> check_reachable(std::string_view url, AddressPolicy policy)
{
    const auto colon = url.find("://");
    if (colon == std::string_view::npos) return Reachable{};
    const auto rest = url.substr(colon + 3);
    auto place = TRY(read_place(url.substr(0, colon), rest.substr(0, rest.find_first_of("/?#"))));
    int problem = 0;
    Reachable reachable{.host = std::move(place.host), .port = place.port};
    auto found = look_up(reachable.host, AI_NUMERICHOST, problem);
    reachable.is_name = !found;
    if (!found) found = look_up(reachable.host, 0, problem);
    if (!found)
        return fail(ErrorKind::unavailable, "the host {} cannot be resolved: {}", reachable.host,
                    gai_strerror(problem));
    for (const auto* each = found.get(); each != nullptr; each = each->ai_next) {
        auto text = address_text(*each->ai_addr);
        TRY(check_address(classify_address(*each->ai_addr), policy, text));
        if (std::ranges::find(reachable.addresses, text) == reachable.addresses.end())
            reachable.addresses.push_back(std::move(text));
    }
    return reachable;
}

}  // namespace ramet::net
