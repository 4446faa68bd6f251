#include "api/conditional.hpp"

#include "base/hash.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <optional>

namespace ramet::api {

namespace {

struct Tag {
    std::string text{};  ///< without quotes
    bool is_weak = false;
};

/// One entity tag at the beginning of `text`, which is cut off.
std::optional<Tag> take_tag(std::string_view& text)
{
    Tag tag{.is_weak = text.starts_with("W/")};
    if (tag.is_weak) text.remove_prefix(2);
    if (!text.starts_with('"')) return std::nullopt;
    const auto end = text.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tag.text = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return tag;
}

Result<std::vector<Tag>> read_tags(std::string_view header, std::string_view text)
{
    std::vector<Tag> tags;
    for (auto rest = trim(text); !rest.empty(); rest = trim(rest)) {
        auto tag = take_tag(rest);
        const auto after = trim(rest);
        if (!tag || !(after.empty() || after.starts_with(',')))
            return std::unexpected(Error{ErrorKind::invalid,
                                         fmt::format("{} is a list of tags in double quotes, or *", header),
                                         std::string(text),
                                         {},
                                         std::string(header)});
        tags.push_back(std::move(*tag));
        rest = after.empty() ? after : after.substr(1);
    }
    return tags;
}

std::string version_in(const Tag& tag)
{
    return tag.text.substr(0, tag.text.find('-'));
}

// If-Match compares strongly: a weak tag matches nothing.
Result<app::Precondition> read_if_match(std::string_view text)
{
    constexpr std::string_view header = "If-Match";
    if (trim(text) == "*") return app::Precondition{app::Precondition::Kind::exists, {}, std::string(header)};
    const auto tags = TRY(read_tags(header, text));
    app::Precondition precondition{app::Precondition::Kind::one_of, {}, std::string(header)};
    for (const auto& tag : tags)
        if (!tag.is_weak) precondition.versions.push_back(version_in(tag));
    return precondition;
}

Result<app::Precondition> read_if_none_match(std::string_view text)
{
    constexpr std::string_view header = "If-None-Match";
    if (trim(text) == "*") return app::Precondition{app::Precondition::Kind::absent, {}, std::string(header)};
    const auto tags = TRY(read_tags(header, text));
    app::Precondition precondition{app::Precondition::Kind::none_of, {}, std::string(header)};
    for (const auto& tag : tags) precondition.versions.push_back(version_in(tag));
    return precondition;
}

bool has_tag(std::string_view text, std::string_view tag)
{
    if (trim(text) == "*") return true;
    const auto tags = read_tags("If-None-Match", text);
    return tags && std::ranges::any_of(*tags, [&](const Tag& one) { return one.text == tag; });
}

bool only_reads(const net::Request& request)
{
    return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

Result<app::Precondition> read_precondition(const net::Request& request)
{
    // RFC 9110, 13.2.2: If-Match decides where both are said.
    if (const auto* match = request.headers.find("If-Match")) return read_if_match(*match);
    if (only_reads(request)) return app::Precondition{};
    if (const auto* none_match = request.headers.find("If-None-Match")) return read_if_none_match(*none_match);
    return app::Precondition{};
}

net::Response with_tag(const net::Request& request, net::Response response, std::string_view version)
{
    if (version.empty() || !only_reads(request) || response.status != 200) return response;
    const auto tag = fmt::format("{}-{}", version, short_hash({response.body}));
    response.headers.set("ETag", "\"" + tag + "\"");
    const auto* known = request.headers.find("If-None-Match");
    if (known == nullptr || !has_tag(*known, tag)) return response;
    response.status = 304;
    response.body.clear();
    response.headers.remove("Content-Type");
    return response;
}

}  // namespace ramet::api
