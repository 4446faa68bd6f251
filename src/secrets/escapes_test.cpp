#include "secrets/escapes.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "secrets/forms.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <set>

namespace ramet::secrets {

TEST_CASE("escapes are those of the encoders that people use")
{
    CHECK(hex_encoded("\x01\xaf", HexDigits::lower) == "01af");
    CHECK(hex_encoded("\x01\xaf", HexDigits::upper) == "01AF");
    CHECK(percent_encoded("a b/\xc3\xa9", "-._~", HexDigits::upper) == "a%20b%2F%C3%A9");
    CHECK(percent_encoded("a b/", "*-._ ", HexDigits::lower) == "a+b%2f");
    CHECK(percent_encoded_whole("a/", HexDigits::upper) == "%61%2F");
    CHECK(json_escaped("\"\\\n\x01/<\xc3\xa9", {}) == "\\\"\\\\\\n\\u0001/<\xc3\xa9");
    CHECK(json_escaped("/<", {JsonAscii::raw, JsonSlash::escaped, JsonHtml::escaped}) == "\\/\\u003c");
    CHECK(json_escaped("\xc3\xbf\xf0\x9f\x94\x91", {JsonAscii::lower, {}, {}}) == "\\u00ff\\ud83d\\udd11");
    CHECK(json_escaped("\xc3\xbf", {JsonAscii::upper, {}, {}}) == "\\u00FF");
    CHECK(json_escaped("\xc3(\xff", {JsonAscii::lower, {}, {}}) == "\xc3(\xff");
}

TEST_CASE("base64 without padding is the usual one without its padding")
{
    CHECK(rc::check([](const std::string& bytes) {
        auto usual = to_base64(bytes);
        usual.erase(std::min(usual.find('='), usual.size()));
        RC_ASSERT(base64_without_padding(bytes) == usual);
    }));
}

TEST_CASE("JSON strings of this product are among the forms")
{
    for (const std::string_view secret :
         {"plain-text", "with \"quotes\" and \\", "tab\tnew\nline\x01", "caf\xc3\xa9-creme"}) {
        const auto text = to_text(Json(secret));
        const auto forms = forms_of(secret);
        CHECK(std::ranges::find(forms, text.substr(1, text.size() - 2)) != forms.end());
    }
}

TEST_CASE("forms have no repetitions, and none is so short that it would hit ordinary text")
{
    for (const std::string& secret : {std::string("123456"), std::string("aaaaaaaa"), std::string(5000, 'x')}) {
        const auto forms = forms_of(secret);
        CHECK(std::set(forms.begin(), forms.end()).size() == forms.size());
        CHECK(std::ranges::all_of(forms, [](const auto& form) { return form.size() >= shortest_redacted; }));
        CHECK(std::ranges::find(forms, secret) != forms.end());
    }
    CHECK(forms_of("12345").empty());
}

}  // namespace ramet::secrets
