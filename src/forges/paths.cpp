#include "forges/paths.hpp"

#include <fmt/core.h>

namespace ramet::forges {

std::string encode_path(std::string_view text, Slash slash)
{
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    std::string encoded;
    for (const char c : text) {
        if (unreserved.find(c) != std::string_view::npos || (c == '/' && slash == Slash::keep))
            encoded += c;
        else
            encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

std::string repository_path(const RepositoryName& repository)
{
    return fmt::format("/repos/{}/{}", encode_path(repository.owner), encode_path(repository.name));
}

}  // namespace ramet::forges
