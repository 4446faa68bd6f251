#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace ramet {

/// What `${…}` may stand for: a closed table, and names of variables.
enum class PlaceholderKind : std::uint8_t {
    git_sha,
    git_short_sha,
    git_branch,
    pr_number,
    pr_author,
    env,
    project,
    service,
    domain,
    service_output,   ///< services.NAME.{url,public_url,host,port}
    database_output,  ///< databases.NAME.{url,host,port,user,password,name}
    variable,
};

struct Placeholder {
    PlaceholderKind kind = PlaceholderKind::variable;
    std::string name{};    ///< of the service, database or variable
    std::string output{};  ///< "url", "host", …
    friend bool operator==(const Placeholder&, const Placeholder&) = default;
};
using InterpolationPiece = std::variant<std::string, Placeholder>;

/// Where in the file a text stands; decides which placeholders are legal.
enum class InterpolationPlace : std::uint8_t { value, image, preview_name, domain_pattern, custom_domain };

/// Literal text and placeholders in order; adjacent literals are joined. `$${` stands for `${`.
/// `invalid` for a placeholder that is not closed or not in the table.
Result<std::vector<InterpolationPiece>> parse_interpolation(std::string_view text);

/// The same, refusing what is not legal at this place.
Result<std::vector<InterpolationPiece>> parse_interpolation_at(InterpolationPlace place, std::string_view text);

/// "${services.api.url}"
std::string to_string(const Placeholder& placeholder);
/// All placeholders legal at a place, for schema and messages: "git.sha", "services.NAME.url", ….
std::vector<std::string> legal_placeholders(InterpolationPlace place);

}  // namespace ramet
