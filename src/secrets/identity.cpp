#include "secrets/identity.hpp"

#include <fmt/core.h>

#include <string_view>

namespace ramet::secrets {
namespace {

void append_part(std::string& out, std::string_view part)
{
    const auto size = static_cast<std::uint64_t>(part.size());
    for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>((size >> shift) & 0xffU));
    out.append(part);
}

}  // namespace

std::string associated_data(const SecretIdentity& identity)
{
    std::string out;
    const auto version = std::to_string(identity.version);
    for (const std::string_view part :
         {std::string_view("v1"), std::string_view(identity.install), std::string_view(identity.project),
          std::string_view(identity.environment), std::string_view(identity.scope), std::string_view(identity.name),
          std::string_view(version)})
        append_part(out, part);
    return out;
}

std::string describe(const SecretIdentity& identity)
{
    return fmt::format("secret {}, version {}", identity.name, identity.version);
}

}  // namespace ramet::secrets
