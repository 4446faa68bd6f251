#include "secrets/forms.hpp"

#include "secrets/escapes.hpp"

#include <algorithm>
#include <array>

namespace ramet::secrets {
namespace {

using Forms = std::vector<std::string>;

constexpr std::size_t longest_with_all_forms = 4096;
/// Lines shorter than this ("}", "password:") are ordinary text.
constexpr std::size_t shortest_line = 16;

std::string to_url_alphabet(std::string text)
{
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

void add_base64(Forms& forms, std::string text)
{
    forms.push_back(to_url_alphabet(text));
    forms.push_back(std::move(text));
}

/// What encoders that break lines at `width` print.
void add_lines_of(Forms& forms, const std::string& text, std::size_t width)
{
    if (text.size() <= width) return;
    for (std::size_t start = 0; start < text.size(); start += width)
        if (text.size() - start >= shortest_line) add_base64(forms, text.substr(start, width));
}

/// Only the characters that the value alone decides: those that share bits with its unknown neighbours are left out.
void add_base64_at_all_alignments(Forms& forms, std::string_view value)
{
    constexpr std::array<std::size_t, 3> shared_before = {0, 2, 3};
    for (std::size_t before = 0; before < 3; ++before) {
        const auto text = base64_without_padding(std::string(before, '\0').append(value));
        const auto whole = (before + value.size()) * 8 / 6;
        add_base64(forms, text.substr(shared_before[before], whole - shared_before[before]));
        if (before != 0) continue;
        add_lines_of(forms, text, 76);
        add_lines_of(forms, text, 64);
    }
}

void add_percent(Forms& forms, std::string_view value)
{
    // RFC 3986; encodeURIComponent; HTML forms; Python's quote; encodeURI; everything.
    constexpr std::array<std::string_view, 6> kept = {"-._~", "-_.!~*'()", "*-._ ", "-._~/", "-_.!~*'();,/?:@&=+$#",
                                                      {}};
    for (const auto& unescaped : kept)
        for (const auto digits : {HexDigits::lower, HexDigits::upper})
            forms.push_back(percent_encoded(value, unescaped, digits));
    for (const auto digits : {HexDigits::lower, HexDigits::upper})
        forms.push_back(percent_encoded_whole(value, digits));
}

void add_json(Forms& forms, std::string_view value)
{
    for (const auto ascii : {JsonAscii::raw, JsonAscii::lower, JsonAscii::upper})
        for (const auto slash : {JsonSlash::raw, JsonSlash::escaped})
            for (const auto html : {JsonHtml::raw, JsonHtml::escaped}) {
                auto once = json_escaped(value, {ascii, slash, html});
                // A log line of JSON that carries JSON.
                forms.push_back(json_escaped(once, {}));
                forms.push_back(std::move(once));
            }
}

void add_forms(Forms& forms, std::string_view value)
{
    forms.emplace_back(value);
    forms.push_back(hex_encoded(value, HexDigits::lower));
    forms.push_back(hex_encoded(value, HexDigits::upper));
    add_base64_at_all_alignments(forms, value);
    if (value.size() > longest_with_all_forms) return;
    add_percent(forms, value);
    add_json(forms, value);
}

/// A key in several lines is often printed with something before each of them.
void add_lines(Forms& forms, std::string_view value)
{
    if (value.find('\n') == std::string_view::npos) return;
    while (!value.empty()) {
        const auto end = std::min(value.find('\n'), value.size());
        auto line = value.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        // The frame of a PEM file is no secret.
        if (line.size() >= shortest_line && !line.starts_with("-----")) add_forms(forms, line);
        value.remove_prefix(std::min(end + 1, value.size()));
    }
}

}  // namespace

std::vector<std::string> forms_of(std::string_view value)
{
    if (value.size() < shortest_redacted) return {};
    Forms forms;
    add_forms(forms, value);
    add_lines(forms, value);
    std::ranges::sort(forms);
    forms.erase(std::unique(forms.begin(), forms.end()), forms.end());
    std::erase_if(forms, [](const std::string& form) { return form.size() < shortest_redacted; });
    return forms;
}

}  // namespace ramet::secrets
