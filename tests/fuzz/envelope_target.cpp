#include "target.hpp"

#include "secrets/envelope.hpp"
#include "secrets/secrets_test_support.hpp"

namespace ramet::fuzz {

namespace {

using namespace secrets;

constexpr std::string_view plaintext = "the-plain-text-of-the-secret";

struct Sealed {
    TestKeys keys;
    SecretIdentity identity{
        .install = "i", .project = "p", .environment = "e", .scope = "project", .name = "KEY", .version = 3};
    std::string envelope = seal(*keys, identity, SecretBytes(plaintext)).value();
};

Sealed& sealed()
{
    static Sealed made;
    return made;
}

bool opens(const SecretIdentity& identity, std::string_view envelope)
{
    const auto opened = open(*sealed().keys, identity, envelope);
    if (!opened)
        require(opened.error().kind == ErrorKind::integrity || opened.error().kind == ErrorKind::not_found,
                "a bad envelope is {}", to_string(opened.error().kind));
    else
        require(opened->reveal() == plaintext, "it opens to another text");
    return opened.has_value();
}

/// The same envelope in another place of the database.
void check_moved(std::string_view envelope)
{
    auto other = sealed().identity;
    other.version = 4;
    require(!opens(other, envelope), "it opens as another version");
    other = sealed().identity;
    other.environment = "";
    other.project = "pe";
    require(!opens(other, envelope), "it opens in another project");
}

void run(std::string_view input)
{
    const bool is_untouched = input == sealed().envelope;
    require(opens(sealed().identity, input) == is_untouched, "{}",
            is_untouched ? "it does not open" : "a tampered envelope opens");
    check_moved(input);
    const auto parsed = parse_envelope(input);
    if (parsed) require(to_bytes(*parsed) == input, "it is written differently than it was read");
    // Wrapped anew without looking at the text: what was tampered with stays so.
    const auto again = rewrap(*sealed().keys, sealed().identity, input);
    require(!is_untouched || again.has_value(), "it cannot be wrapped anew");
    if (again) require(opens(sealed().identity, *again) == is_untouched, "wrapping anew mends a tampered envelope");
}

std::vector<std::string> seeds()
{
    // One of a kind with the other length bytes, so that pieces of both are put together.
    auto& own = sealed();
    return {own.envelope,
            seal(*own.keys, own.identity, SecretBytes("x")).value().substr(0, 20) + own.envelope.substr(20)};
}

}  // namespace

const Target& envelope_target()
{
    static const Target target{"envelope", seeds, {"RSE", "\x01", "\x02", "\xff\xff", std::string(32, '\0')}, run};
    return target;
}

}  // namespace ramet::fuzz
