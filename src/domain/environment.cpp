#include "domain/environment.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

#include <array>
#include <utility>

namespace ramet {
namespace {

using State = EnvironmentState;
using Origin = EnvironmentOrigin;

constexpr std::array<std::pair<State, std::string_view>, 11> states = {{
    {State::awaiting_approval, "awaiting_approval"},
    {State::queued, "queued"},
    {State::creating, "creating"},
    {State::updating, "updating"},
    {State::ready, "ready"},
    {State::degraded, "degraded"},
    {State::failed, "failed"},
    {State::sleeping, "sleeping"},
    {State::waking, "waking"},
    {State::deleting, "deleting"},
    {State::needs_human, "needs_human"},
}};

constexpr std::array<std::pair<Origin, std::string_view>, 3> origins = {
    {{Origin::managed, "managed"}, {Origin::adopted, "adopted"}, {Origin::preview, "preview"}}};

constexpr std::size_t hash_digits = 6;
constexpr std::size_t longest_label = 63;         // RFC 1035, section 2.3.4
constexpr std::size_t longest_preview_name = 40;  // leaves room for a service's name in the same label

/// `slug` when it fits; else its beginning with a hash of the whole text, so that two long texts never become one name.
std::string cut(const std::string& slug, std::string_view whole_text, std::size_t longest)
{
    if (slug.size() <= longest) return slug;
    auto kept = slug.substr(0, longest - hash_digits - 1);
    while (kept.ends_with('-')) kept.pop_back();
    return kept + "-" + short_hash({whole_text}, hash_digits);
}

}  // namespace

bool is_only_registered(const Environment& environment)
{
    return environment.origin != EnvironmentOrigin::preview && environment.desired_generation == 0 &&
           environment.commit.empty();
}

std::string_view to_string(EnvironmentState state)
{
    for (const auto& [known, word] : states)
        if (known == state) return word;
    return "needs_human";
}

EnvironmentState parse_environment_state(std::string_view word)
{
    for (const auto& [state, known] : states)
        if (known == word) return state;
    return State::needs_human;  // A word of a newer version: nobody but a person should act on it.
}

std::string_view to_string(EnvironmentOrigin origin)
{
    for (const auto& [known, word] : origins)
        if (known == origin) return word;
    return "adopted";
}

EnvironmentOrigin parse_environment_origin(std::string_view word)
{
    for (const auto& [origin, known] : origins)
        if (known == word) return origin;
    return Origin::adopted;  // What is not understood is treated as somebody else's: read only.
}

std::string public_label(std::string_view text)
{
    const auto slug = to_slug(text);
    return slug.empty() ? "x-" + short_hash({text}, hash_digits) : cut(slug, text, longest_label);
}

std::string preview_name_of_branch(std::string_view branch)
{
    const auto slug = to_slug(branch);
    return slug.empty() ? "preview-" + short_hash({branch}, hash_digits) : cut(slug, branch, longest_preview_name);
}

}  // namespace ramet
