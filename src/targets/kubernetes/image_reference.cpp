#include "targets/kubernetes/image_reference.hpp"

#include <algorithm>

namespace ramet::targets::kubernetes {

namespace {

constexpr std::string_view default_registry = "docker.io";
constexpr std::size_t longest_tag = 128;

bool is_lower(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// Lower case letters and digits, with single separators between them (distribution specification, "Pulling manifests").
bool is_component(std::string_view text)
{
    if (text.empty() || !is_lower(text.front()) || !is_lower(text.back())) return false;
    return std::ranges::all_of(text, [](char c) { return is_lower(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_repository(std::string_view text)
{
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find('/', begin), text.size());
        if (!is_component(text.substr(begin, end - begin))) return false;
        begin = end + 1;
    }
    return true;
}

bool is_tag(std::string_view text)
{
    const auto fits = [](char c) { return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-'; };
    return !text.empty() && text.size() <= longest_tag && text.front() != '.' && text.front() != '-' &&
           std::ranges::all_of(text, fits);
}

bool is_registry(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return is_lower(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
    });
}

/// What stands before the first slash is a host when it could not be the first part of a name.
bool names_registry(std::string_view first)
{
    return first == "localhost" || first.find_first_of(".:") != std::string_view::npos;
}

}  // namespace

std::string ImageReference::pinned(std::string_view to_digest) const
{
    return fmt::format("{}/{}@{}", registry, repository, to_digest);
}

bool is_digest(std::string_view text)
{
    constexpr std::string_view algorithm = "sha256:";
    constexpr std::size_t digits = 64;
    return text.starts_with(algorithm) && text.size() == algorithm.size() + digits &&
           text.find_first_not_of("0123456789abcdef", algorithm.size()) == std::string_view::npos;
}

Result<ImageReference> parse_image_reference(std::string_view text)
{
    const auto refuse = [&](std::string_view why) {
        return fail(ErrorKind::invalid, "'{}' is no reference of an image: {}", text, why);
    };
    ImageReference reference;
    auto rest = text;
    if (const auto at = rest.find('@'); at != std::string_view::npos) {
        reference.digest = rest.substr(at + 1);
        if (!is_digest(reference.digest)) return refuse("its digest is not sha256 and 64 digits");
        rest = rest.substr(0, at);
    }
    const auto slash = rest.find('/');
    if (slash != std::string_view::npos && names_registry(rest.substr(0, slash))) {
        reference.registry = rest.substr(0, slash);
        if (!is_registry(reference.registry)) return refuse("its registry is no host");
        rest = rest.substr(slash + 1);
    } else {
        reference.registry = default_registry;
    }
    if (const auto colon = rest.rfind(':'); colon != std::string_view::npos) {
        reference.tag = rest.substr(colon + 1);
        if (!is_tag(reference.tag)) return refuse("its tag holds what a tag cannot");
        rest = rest.substr(0, colon);
    }
    reference.repository = rest;
    if (!is_repository(rest)) return refuse("its name is not of lower case letters and digits, parted by . _ - or /");
    if (reference.registry == default_registry && !rest.contains('/'))
        reference.repository = "library/" + reference.repository;
    if (reference.tag.empty() && reference.digest.empty()) reference.tag = "latest";
    return reference;
}

}  // namespace ramet::targets::kubernetes
