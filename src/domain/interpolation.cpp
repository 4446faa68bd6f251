#include "domain/interpolation.hpp"

#include "base/text.hpp"
#include "domain/names.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace ramet {
namespace {

using Kind = PlaceholderKind;
using Place = InterpolationPlace;

constexpr unsigned bit(Place place)
{
    return 1U << static_cast<unsigned>(place);
}
constexpr unsigned in_values = bit(Place::value);
constexpr unsigned in_images = bit(Place::image);
constexpr unsigned in_names = bit(Place::preview_name);
constexpr unsigned in_patterns = bit(Place::domain_pattern);
constexpr unsigned in_domains = bit(Place::custom_domain);

struct Row {
    std::string_view word;
    Kind kind;
    unsigned places;
};

constexpr std::array<Row, 9> plain_rows = {{
    {"git.sha", Kind::git_sha, in_values | in_images},
    {"git.short_sha", Kind::git_short_sha, in_values | in_images | in_names | in_domains},
    {"git.branch", Kind::git_branch, in_values | in_images | in_names},
    {"pr.number", Kind::pr_number, in_values | in_images | in_names | in_domains},
    {"pr.author", Kind::pr_author, in_values | in_names},
    {"env", Kind::env, in_values | in_images | in_patterns | in_domains},
    {"project", Kind::project, in_values | in_images | in_names | in_patterns | in_domains},
    {"service", Kind::service, in_values | in_images | in_patterns | in_domains},
    {"domain", Kind::domain, in_values | in_patterns | in_domains},
}};

constexpr std::array<std::string_view, 4> service_outputs = {"url", "public_url", "host", "port"};
constexpr std::array<std::string_view, 6> database_outputs = {"url", "host", "port", "user", "password", "name"};

/// "services.api.url" → a placeholder; `prefix` is "services." or "databases.".
Result<Placeholder> parse_output(std::string_view word, Kind kind, std::string_view prefix,
                                 std::span<const std::string_view> outputs)
{
    const auto parts = split(word.substr(prefix.size()), '.');
    if (parts.size() != 2 || !check_name(parts[0]))
        return fail(ErrorKind::invalid, "'${{{}}}' must be written ${{{}NAME.OUTPUT}}", word, prefix);
    if (std::ranges::count(outputs, std::string_view(parts[1])) == 0) {
        const std::vector<std::string> known(outputs.begin(), outputs.end());
        return fail(ErrorKind::invalid, "'${{{}}}': '{}' is not one of {}", word, parts[1], join(known, ", "));
    }
    return Placeholder{kind, parts[0], parts[1]};
}

Result<Placeholder> parse_placeholder(std::string_view word)
{
    if (word.starts_with("services.")) return parse_output(word, Kind::service_output, "services.", service_outputs);
    if (word.starts_with("databases."))
        return parse_output(word, Kind::database_output, "databases.", database_outputs);
    for (const auto& row : plain_rows)
        if (row.word == word) return Placeholder{row.kind};
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    if (!word.empty() && !(word[0] >= '0' && word[0] <= '9') && std::ranges::all_of(word, is_part))
        return Placeholder{Kind::variable, std::string(word)};

    const auto known = legal_placeholders(Place::value);
    const auto meant = did_you_mean(word, known);
    return fail(ErrorKind::invalid, "'${{{}}}' is not known{}", word.substr(0, 60),
                meant.empty() ? "; to write it as it stands, double the dollar: $${"
                              : "; did you mean ${" + meant + "}?");
}

unsigned places_of(Kind kind)
{
    for (const auto& row : plain_rows)
        if (row.kind == kind) return row.places;
    return in_values;
}

std::string_view describe(Place place)
{
    switch (place) {
    case Place::value: return "the value of a variable";
    case Place::image: return "an image";
    case Place::preview_name: return "the name of previews";
    case Place::domain_pattern: return "the pattern of domains";
    case Place::custom_domain: return "a custom domain";
    }
    return "this place";
}

void add_literal(std::vector<InterpolationPiece>& pieces, std::string_view text)
{
    if (text.empty()) return;
    if (!pieces.empty() && std::holds_alternative<std::string>(pieces.back()))
        std::get<std::string>(pieces.back()) += text;
    else
        pieces.emplace_back(std::string(text));
}

}  // namespace

Result<std::vector<InterpolationPiece>> parse_interpolation(std::string_view text)
{
    std::vector<InterpolationPiece> pieces;
    while (!text.empty()) {
        const auto start = text.find("${");
        if (start == std::string_view::npos) break;
        if (start > 0 && text[start - 1] == '$') {
            add_literal(pieces, text.substr(0, start - 1));
            add_literal(pieces, "${");
            text.remove_prefix(start + 2);
            continue;
        }
        add_literal(pieces, text.substr(0, start));
        const auto end = text.find('}', start);
        if (end == std::string_view::npos)
            return fail(ErrorKind::invalid, "'{}' opens '${{' and does not close it; `$${{` stands for a plain `${{`",
                        text.substr(start, 40));
        pieces.emplace_back(TRY(parse_placeholder(text.substr(start + 2, end - start - 2))));
        text.remove_prefix(end + 1);
    }
    add_literal(pieces, text);
    return pieces;
}

Result<std::vector<InterpolationPiece>> parse_interpolation_at(InterpolationPlace place, std::string_view text)
{
    auto pieces = TRY(parse_interpolation(text));
    for (const auto& piece : pieces) {
        const auto* placeholder = std::get_if<Placeholder>(&piece);
        if (placeholder == nullptr || (places_of(placeholder->kind) & bit(place)) != 0) continue;
        return fail(ErrorKind::invalid, "'{}' is not allowed in {}; allowed there: {}", to_string(*placeholder),
                    describe(place), join(legal_placeholders(place), ", "));
    }
    return pieces;
}

std::string to_string(const Placeholder& placeholder)
{
    switch (placeholder.kind) {
    case Kind::service_output: return "${services." + placeholder.name + "." + placeholder.output + "}";
    case Kind::database_output: return "${databases." + placeholder.name + "." + placeholder.output + "}";
    case Kind::variable: return "${" + placeholder.name + "}";
    default: break;
    }
    for (const auto& row : plain_rows)
        if (row.kind == placeholder.kind) return "${" + std::string(row.word) + "}";
    return {};
}

std::vector<std::string> legal_placeholders(InterpolationPlace place)
{
    std::vector<std::string> words;
    for (const auto& row : plain_rows)
        if ((row.places & bit(place)) != 0) words.emplace_back(row.word);
    if (place != Place::value) return words;
    for (const auto output : service_outputs) words.push_back("services.NAME." + std::string(output));
    for (const auto output : database_outputs) words.push_back("databases.NAME." + std::string(output));
    return words;
}

}  // namespace ramet
