#include "app/precondition.hpp"

#include <algorithm>

namespace ramet::app {

namespace {

bool holds(const Precondition& precondition, const std::optional<std::string>& version)
{
    using enum Precondition::Kind;
    const bool is_named = version && std::ranges::find(precondition.versions, *version) != precondition.versions.end();
    switch (precondition.kind) {
    case none: return true;
    case exists: return version.has_value();
    case absent: return !version.has_value();
    case one_of: return is_named;
    case none_of: return !is_named;
    }
    return false;
}

std::string_view what_was_found(const Precondition& precondition, const std::optional<std::string>& version)
{
    using enum Precondition::Kind;
    if (!version) return "does not exist";
    if (precondition.kind == absent) return "exists";
    return precondition.kind == none_of ? "is what you have seen" : "is another one than you have seen";
}

}  // namespace

Result<void> check_precondition(const Precondition& precondition, const std::optional<std::string>& version,
                                std::string_view what)
{
    if (holds(precondition, version)) return {};
    return std::unexpected(Error{ErrorKind::conflict,
                                 fmt::format("{} {}: nothing was changed", what, what_was_found(precondition, version)),
                                 {},
                                 "read it again, look at what has changed, and ask with its present ETag",
                                 precondition.header});
}

}  // namespace ramet::app
