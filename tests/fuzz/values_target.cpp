#include "target.hpp"

#include "base/clock.hpp"
#include "base/text.hpp"
#include "clone/address_parts.hpp"
#include "config/sizes.hpp"
#include "domain/interpolation.hpp"
#include "domain/names.hpp"

#include <algorithm>

namespace ramet::fuzz {

namespace {

std::string escaped(std::string text)
{
    for (auto at = text.find("${"); at != std::string::npos; at = text.find("${", at + 3)) text.insert(at, "$");
    return text;
}

std::string written(const std::vector<InterpolationPiece>& pieces)
{
    std::string text;
    for (const auto& piece : pieces) {
        const auto* literal = std::get_if<std::string>(&piece);
        text += literal != nullptr ? escaped(*literal) : to_string(std::get<Placeholder>(piece));
    }
    return text;
}

void check_interpolation(std::string_view input)
{
    const auto pieces = parse_interpolation(input);
    if (!pieces)
        return require(pieces.error().kind == ErrorKind::invalid, "a bad text is {}", to_string(pieces.error().kind));
    const auto again = parse_interpolation(written(*pieces));
    require(again && *again == *pieces, "what was read reads differently when it is written: {}", written(*pieces));
    for (std::size_t i = 1; i < pieces->size(); ++i)
        require(!std::holds_alternative<std::string>((*pieces)[i]) ||
                    !std::holds_alternative<std::string>((*pieces)[i - 1]),
                "two literals in a row");
}

bool has_line_break(std::string_view text)
{
    return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

/// Whatever passes as a name is harmless as an argument and as a line.
void check_names(std::string_view input)
{
    for (auto* check : {check_name, check_secret_name, check_variable_name, check_argument, check_branch, check_host,
                        check_url, check_repository_address}) {
        const auto checked = check(input);
        if (checked)
            require(!input.empty() && input.front() != '-' && !has_line_break(input), "a bad name was accepted");
        if (!checked) require(!has_line_break(checked.error().message), "a line break in a message");
    }
    if (check_branch(input))
        require(!input.contains(':') && !input.contains('*') && !input.contains(' '), "a branch that is a pattern");
    if (check_url(input))
        require(!to_lower(input).starts_with("file:") && !to_lower(input).starts_with("javascript:"), "a bad URL");
}

void check_sizes(std::string_view input)
{
    if (const auto bytes = config::parse_byte_size(input)) {
        require(*bytes >= 0, "a negative size");
        require(config::parse_byte_size(config::format_byte_size(*bytes)) == *bytes, "{} bytes read differently",
                *bytes);
    }
    if (const auto millis = config::parse_cpu_millis(input)) require(*millis >= 0, "negative cores");
    if (const auto duration = parse_duration(input)) {
        require(duration->count() >= 0, "a negative duration");
        require(parse_duration(format_duration(*duration)) == *duration, "{} ms read differently", duration->count());
    }
    if (const auto time = parse_rfc3339(input))
        require(parse_rfc3339(to_rfc3339(*time)).has_value(), "a time that cannot be read back");
}

void check_addresses(std::string_view input)
{
    for (const auto& token : clone::tokens_of(input)) {
        const auto parts = clone::parse_address(token);
        require(parts.host == to_lower(parts.host), "the host {} is not in lower case", parts.host);
    }
    (void)clone::parse_dsn(input);
}

void run(std::string_view input)
{
    check_interpolation(input);
    check_names(input);
    check_sizes(input);
    check_addresses(input);
    const auto slug = to_slug(input);
    require(to_slug(slug) == slug, "the slug {} is none", slug);
    // Globs of a file meet paths of a repository: both from outside.
    const auto half = input.size() / 2;
    (void)matches_glob(input.substr(0, std::min<std::size_t>(half, 64)), input.substr(half).substr(0, 200));
}

std::vector<std::string> seeds()
{
    return {"plain",
            "a ${git.sha} b ${services.api.url}${databases.db.password} $${not} ${X}",
            "pr-${pr.number}",
            "postgres://app:p%40ss@db.example.com:5432/shop?sslmode=require",
            "host=a port=5432 dbname=b user=c password='d e'",
            "feature/x",
            "256Mi",
            "0.5",
            "1d2h3m4s5ms",
            "2026-11-23T10:00:00.123+02:00",
            "apps/**/web-*.{a,b}",
            "https://example.com/a.git"};
}

}  // namespace

const Target& values_target()
{
    static const Target target{
        "values",
        seeds,
        {"${", "$${", "}", "$",  "${services.", "${databases.db.url}", "::", "@", "//",    "file:",
         "**", "*",   "?", "Ki", "ms",          "9223372036854775807", "T",  "Z", "[::1]", "%00",
         "-"},
        run};
    return target;
}

}  // namespace ramet::fuzz
