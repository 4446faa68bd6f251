#include "secrets/redactor.hpp"

#include "secrets/escapes.hpp"
#include "secrets/forms.hpp"
#include "secrets/redacting_stream.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <chrono>
#include <thread>

namespace ramet::secrets {
namespace {

std::string in_chunks(const Redactor& redactor, std::string_view text, const std::vector<std::uint8_t>& sizes)
{
    RedactingStream stream(redactor);
    std::string out;
    for (std::size_t i = 0; !text.empty(); ++i) {
        const auto size = std::min<std::size_t>(sizes.empty() ? 1 : sizes[i % sizes.size()], text.size());
        out += stream.feed(text.substr(0, size));
        text.remove_prefix(size);
        if (std::ranges::all_of(sizes, [](auto each) { return each == 0; })) out += stream.feed(text), text = {};
    }
    return out + stream.finish();
}

/// What the definition says, slowly: every occurrence of every form, overlapping ones as one.
std::string redacted_naively(const std::vector<std::string>& secrets, const std::string& text)
{
    std::vector<bool> hidden(text.size(), false);
    std::vector<bool> joined(text.size() + 1, false);
    for (const auto& secret : secrets)
        for (const auto& form : forms_of(secret))
            for (auto at = text.find(form); at != std::string::npos; at = text.find(form, at + 1))
                for (std::size_t i = at; i < at + form.size(); ++i) {
                    hidden[i] = true;
                    if (i > at) joined[i] = true;
                }
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (!hidden[i])
            out += text[i];
        else if (!joined[i])
            out += redacted_mark;
    }
    return out;
}

Redactor& with(Redactor& redactor, const std::vector<std::string>& secrets)
{
    for (const auto& secret : secrets) redactor.add(SecretBytes(secret));
    return redactor;
}

/// Secrets of few letters overlap one another and themselves; those of all bytes need every kind of escape.
rc::Gen<std::string> secret_text()
{
    return rc::gen::mapcat(rc::gen::inRange(6, 40), [](int size) {
        const auto length = static_cast<std::size_t>(size);
        return rc::gen::oneOf(
            rc::gen::container<std::string>(length, rc::gen::elementOf(std::string("ab"))),
            rc::gen::container<std::string>(length, rc::gen::elementOf(std::string("aZ9/+=\"\\ &<%\n"))),
            rc::gen::container<std::string>(length, rc::gen::arbitrary<char>()));
    });
}

rc::Gen<std::string> noise()
{
    return rc::gen::container<std::string>(rc::gen::elementOf(std::string("abAZ9/+=\"\\ %\n{}:,")));
}

}  // namespace

TEST_CASE("a secret does not survive in any of its forms")
{
    Redactor redactor;
    const std::string secret = "p/ss+w\xc3\xb6rd <1&2> \"q\"\n\xf0\x9f\x94\x91 end";
    with(redactor, {secret});
    const struct {
        std::string_view story;
        std::string text;
    } cases[] = {
        {"raw", secret},
        {"lower hexadecimal", hex_encoded(secret, HexDigits::lower)},
        {"upper hexadecimal", hex_encoded(secret, HexDigits::upper)},
        {"RFC 3986", percent_encoded(secret, "-._~", HexDigits::upper)},
        {"RFC 3986, lower digits", percent_encoded(secret, "-._~", HexDigits::lower)},
        {"encodeURIComponent", percent_encoded(secret, "-_.!~*'()", HexDigits::upper)},
        {"a form", percent_encoded(secret, "*-._ ", HexDigits::upper)},
        {"every byte in percent", percent_encoded_whole(secret, HexDigits::upper)},
        {"JSON", json_escaped(secret, {})},
        {"JSON in ASCII", json_escaped(secret, {JsonAscii::lower, JsonSlash::raw, JsonHtml::raw})},
        {"JSON as PHP prints it", json_escaped(secret, {JsonAscii::lower, JsonSlash::escaped, JsonHtml::raw})},
        {"JSON as Go prints it", json_escaped(secret, {JsonAscii::raw, JsonSlash::raw, JsonHtml::escaped})},
        {"JSON in JSON", json_escaped(json_escaped(secret, {}), {})},
    };
    for (const auto& [story, text] : cases) {
        CAPTURE(story);
        CHECK(redactor.redact("before " + text + " after") == "before *** after");
    }
}

TEST_CASE("base64 is found whatever stands before and behind the secret")
{
    Redactor redactor;
    const std::string secret = "?>?>correct-horse~~";
    with(redactor, {secret});
    for (std::size_t before = 0; before < 7; ++before)
        for (std::size_t behind = 0; behind < 4; ++behind)
            for (const bool url : {false, true}) {
                auto text = base64_without_padding(std::string(before, 'u') + secret + std::string(behind, 'v'));
                if (url) std::ranges::replace(text, '+', '-'), std::ranges::replace(text, '/', '_');
                CAPTURE(text);
                const auto out = redactor.redact(text);
                CHECK(out.find(redacted_mark) != std::string::npos);
                // At most the characters at both borders, which share bits with the neighbours, are left of the secret.
                CHECK(out.size() <= redacted_mark.size() + before * 4 / 3 + 2 + behind * 4 / 3 + 2);
            }
}

TEST_CASE("each line of a key in several lines is hidden, its frame is not")
{
    Redactor redactor;
    const std::string first(64, 'A');
    const std::string second = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC";
    with(redactor, {"-----BEGIN PRIVATE KEY-----\n" + first + "\r\n" + second + "\n-----END PRIVATE KEY-----\n"});
    CHECK(redactor.redact("log| -----BEGIN PRIVATE KEY-----\nlog| " + first + "\nlog| " + second) ==
          "log| -----BEGIN PRIVATE KEY-----\nlog| ***\nlog| ***");
}

TEST_CASE("base64 that is broken into lines is hidden line by line")
{
    Redactor redactor;
    const std::string secret(200, 'k');
    with(redactor, {secret});
    const auto text = base64_without_padding(secret);
    for (const std::size_t width : {std::size_t{64}, std::size_t{76}}) {
        std::string lines;
        for (std::size_t i = 0; i < text.size(); i += width) lines += text.substr(i, width) + "\n";
        const auto out = redactor.redact(lines);
        CHECK(out.find_first_not_of("*\n" + text.substr(text.size() - 15)) == std::string::npos);
        CHECK(out.find(text.substr(0, 20)) == std::string::npos);
    }
}

TEST_CASE("short values are left alone")
{
    Redactor redactor;
    with(redactor, {"", "a", "12345"});
    CHECK(redactor.redact("a 12345 b") == "a 12345 b");
    with(redactor, {"123456"});
    CHECK(redactor.redact("a 123456 b") == "a *** b");
}

TEST_CASE("overlapping secrets are one mark and neighbours are two")
{
    Redactor redactor;
    with(redactor, {"abcdefgh", "efghijkl", "cdefgh"});
    CHECK(redactor.redact("<abcdefghijkl>") == "<***>");
    CHECK(redactor.redact("<abcdefghabcdefgh>") == "<******>");
    CHECK(redactor.redact("<abcdefg>") == "<abcdefg>");
    CHECK(redactor.redact("<xxcdefghxx>") == "<xx***xx>");
}

TEST_CASE("a stream holds back only what may be the beginning of a secret")
{
    Redactor redactor;
    with(redactor, {"sesame-open"});
    RedactingStream stream(redactor);
    CHECK(stream.feed("hello ") == "hello ");
    CHECK(stream.feed("say sesame") == "say ");
    CHECK(stream.feed("-street") == "sesame-street");
    CHECK(stream.feed(" sesame-op") == " ");
    CHECK(stream.feed("en!") == "***!");
    CHECK(stream.feed("sesame-") == "");
    CHECK(stream.finish() == "sesame-");
    CHECK(stream.feed("open") == "open");
}

TEST_CASE("a secret that is registered in the middle of a stream is found from then on")
{
    Redactor redactor;
    RedactingStream stream(redactor);
    CHECK(stream.feed("first-secret ") == "first-secret ");
    with(redactor, {"first-secret"});
    CHECK(stream.feed("first-sec") == "");
    with(redactor, {"other-secret"});
    CHECK(stream.feed("ret and other-") == "*** and ");
    CHECK(stream.feed("secret.") == "***.");
}

TEST_CASE("a value is hidden until it was removed as often as it was added")
{
    Redactor redactor;
    with(redactor, {"sesame-open", "sesame-open"});
    redactor.remove(SecretBytes("sesame-open"));
    CHECK(redactor.redact("sesame-open") == "***");
    redactor.remove(SecretBytes("sesame-open"));
    CHECK(redactor.redact("sesame-open") == "sesame-open");
    redactor.remove(SecretBytes("sesame-open"));
    redactor.remove(SecretBytes("never-added"));
    with(redactor, {"sesame-open"});
    CHECK(redactor.redact("sesame-open") == "***");
}

TEST_CASE("many values can come and go and those that are there are hidden at each moment")
{
    Redactor redactor;
    const auto name = [](int i) { return "secret-value-" + std::to_string(1000 + i); };
    for (int i = 0; i < 300; ++i) {
        redactor.add(SecretBytes(name(i)));
        if (i >= 100) redactor.remove(SecretBytes(name(i - 100)));
        CHECK(redactor.redact(name(i)) == "***");
        if (i >= 50) CHECK(redactor.redact(name(i - 50)) == "***");
    }
    for (int i = 200; i < 300; ++i) redactor.remove(SecretBytes(name(i)));
    for (int i = 0; i < 300; ++i) CHECK(redactor.redact(name(i)) == name(i));
}

TEST_CASE("random secrets in random places and chunks never survive, and all else stays")
{
    const bool holds = rc::check([] {
        const auto secrets = *rc::gen::container<std::vector<std::string>>(secret_text());
        std::string text = *noise();
        for (const auto& secret : secrets) {
            const auto forms = forms_of(secret);
            text += *rc::gen::elementOf(forms) + *noise();
            // Cut off forms, so that beginnings come without their ends.
            text += (*rc::gen::elementOf(forms)).substr(0, *rc::gen::inRange<std::size_t>(0, 12)) + *noise();
        }
        Redactor redactor;
        with(redactor, secrets);
        const auto expected = redacted_naively(secrets, text);
        RC_ASSERT(redactor.redact(text) == expected);
        const auto sizes = *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::inRange<std::uint8_t>(1, 20));
        RC_ASSERT(in_chunks(redactor, text, sizes) == expected);
        RC_ASSERT(in_chunks(redactor, text, {1}) == expected);
    });
    CHECK(holds);
}

TEST_CASE("random secrets between two letters do not survive in any form")
{
    const bool holds = rc::check([] {
        const auto secret = *secret_text();
        Redactor redactor;
        with(redactor, {secret});
        for (const auto& form : forms_of(secret)) {
            RedactingStream stream(redactor);
            const auto cut = *rc::gen::inRange<std::size_t>(0, form.size() + 1);
            auto out = stream.feed("X" + form.substr(0, cut));
            out += stream.feed(form.substr(cut) + "X");
            out += stream.finish();
            RC_ASSERT(out.find(form) == std::string::npos);
        }
    });
    CHECK(holds);
}

TEST_CASE("threads redact while others register")
{
    Redactor redactor;
    with(redactor, {"always-there"});
    std::atomic<bool> leaked = false;
    {
        std::jthread writer([&] {
            for (int i = 0; i < 200; ++i) redactor.add(SecretBytes("changing-" + std::to_string(i)));
        });
        std::vector<std::jthread> readers;
        for (int t = 0; t < 3; ++t)
            readers.emplace_back([&] {
                for (int i = 0; i < 300; ++i)
                    if (redactor.redact("x always-there y") != "x *** y") leaked = true;
            });
    }
    CHECK_FALSE(leaked);
}

TEST_CASE("a thousand secrets are looked for in one pass")
{
    Redactor redactor;
    for (int i = 0; i < 1000; ++i) redactor.add(SecretBytes("secret-" + std::to_string(i) + "-with-32-characters"));
    std::string text;
    for (int i = 0; i < 20'000; ++i) text += "2026-11-23 info request served in 3 ms secret-";
    const auto redacted = redactor.redact(text + "secret-77-with-32-characters");
    CHECK(redacted == text + "***");
}

}  // namespace ramet::secrets
