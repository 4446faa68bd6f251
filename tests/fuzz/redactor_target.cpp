#include "target.hpp"

#include "secrets/forms.hpp"
#include "secrets/redacting_stream.hpp"

#include <algorithm>

namespace ramet::fuzz {

namespace {

using namespace secrets;

const std::vector<std::string>& secret_values()
{
    static const std::vector<std::string> values = {
        "p/ss+w\xc3\xb6rd <1&2> \"q\"\n\xf0\x9f\x94\x91 end", "abababab", "babab-abab",
        "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nEFAASCBKcwggSjAgEAAoIBAQC7\n-----END KEY-----"};
    return values;
}

struct Known {
    Redactor redactor;
    std::vector<std::string> forms;
    Known()
    {
        for (const auto& value : secret_values()) {
            redactor.add(SecretBytes(value));
            for (auto& form : forms_of(value)) forms.push_back(std::move(form));
        }
    }
};

const Known& known()
{
    static const Known made;
    return made;
}

/// Pieces whose sizes come from the text itself, so that every cut is tried sooner or later.
std::string in_pieces(std::string_view text, std::size_t phase)
{
    RedactingStream stream(known().redactor);
    std::string out;
    for (std::size_t i = phase; !text.empty(); ++i) {
        const auto size = std::min(text.size(), 1 + (static_cast<unsigned char>(text[0]) + i * 7) % 41);
        out += stream.feed(text.substr(0, size));
        text.remove_prefix(size);
    }
    return out + stream.finish();
}

void run(std::string_view input)
{
    const auto out = known().redactor.redact(input);
    for (const auto& form : known().forms) require(!out.contains(form), "the secret is still there as \"{}\"", form);
    for (std::size_t phase = 0; phase < 6; ++phase)
        require(in_pieces(input, phase) == out, "cut up it is redacted differently");
    RedactingStream stream(known().redactor);
    std::string by_bytes;
    for (const char c : input) by_bytes += stream.feed({&c, 1});
    require(by_bytes + stream.finish() == out, "byte by byte it is redacted differently");
}

std::vector<std::string> seeds()
{
    std::vector<std::string> texts = {"nothing to hide", "abababababababab", "-----BEGIN KEY-----\n-----END KEY-----"};
    std::string all;
    for (const auto& form : known().forms) all += form + " | ";
    texts.push_back(all.substr(0, 20'000));
    for (const auto& value : secret_values())
        texts.push_back("log: " + value + value.substr(0, value.size() / 2) + value);
    return texts;
}

std::vector<std::string> words()
{
    std::vector<std::string> words;
    for (const auto& form : known().forms) {
        words.push_back(form);
        words.push_back(form.substr(0, form.size() - 1));
        words.push_back(form.substr(1));
    }
    return words;
}

}  // namespace

const Target& redactor_target()
{
    static const Target target{"redactor", seeds, words(), run};
    return target;
}

}  // namespace ramet::fuzz
