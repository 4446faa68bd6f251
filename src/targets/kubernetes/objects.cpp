#include "targets/kubernetes/objects.hpp"

#include <fmt/core.h>

#include <array>

namespace ramet::targets::kubernetes {

json::object make_object(std::string_view api_version, std::string_view kind, std::string_view name)
{
    return {{"apiVersion", api_version}, {"kind", kind}, {"metadata", json::object{{"name", name}}}};
}

json::object select_part(std::string_view part)
{
    return {{"matchLabels", json::object{{part_label, part}}}};
}

std::string bytes_text(std::int64_t bytes)
{
    constexpr std::array<std::string_view, 4> units{"Ti", "Gi", "Mi", "Ki"};
    std::int64_t size = std::int64_t{1} << 40;
    for (const auto unit : units) {
        if (bytes >= size && bytes % size == 0) return fmt::format("{}{}", bytes / size, unit);
        size >>= 10;
    }
    return fmt::format("{}", bytes);
}

std::string cpu_text(std::int64_t millis)
{
    return millis % 1000 == 0 ? fmt::format("{}", millis / 1000) : fmt::format("{}m", millis);
}

const std::vector<std::string_view>& private_networks_v4()
{
    // RFC 1918, 6598 (carriers), 3927 (link-local, with 169.254.169.254), 1122 (this host), and the addresses that are nobody's.
    static const std::vector<std::string_view> networks{
        "0.0.0.0/8",     "10.0.0.0/8",     "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"};
    return networks;
}

const std::vector<std::string_view>& private_networks_v6()
{
    // RFC 4193 (fd00:ec2::254 among them), 4291 (link-local, multicast, loopback; mapped IPv4 counts as IPv4).
    static const std::vector<std::string_view> networks{"::/96", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"};
    return networks;
}

}  // namespace ramet::targets::kubernetes
