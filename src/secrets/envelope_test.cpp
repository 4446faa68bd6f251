#include "secrets/envelope.hpp"

#include "secrets/cipher.hpp"
#include "secrets/secrets_test_support.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

namespace ramet::secrets {
namespace {

const SecretIdentity identity{.install = "i-1",
                              .project = "p-1",
                              .environment = "e-1",
                              .scope = "service/api",
                              .name = "DB_PASSWORD",
                              .version = 3};

std::string from_hex(std::string_view digits)
{
    std::string bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
        bytes.push_back(static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
    return bytes;
}

}  // namespace

TEST_CASE("what was sealed opens under its own identity")
{
    TestKeys keys;
    for (const std::string& text :
         {std::string(), std::string("x"), std::string("a\0b\n", 4), std::string(100'000, 'z')}) {
        const auto envelope = seal(*keys, identity, SecretBytes(text)).value();
        CHECK(open(*keys, identity, envelope).value().reveal() == text);
    }
}

TEST_CASE("no two seals of one value are alike and none shows it")
{
    TestKeys keys;
    const std::string value = "correct horse battery staple";
    std::set<std::string> seen;
    for (int i = 0; i < 50; ++i) {
        const auto envelope = seal(*keys, identity, SecretBytes(value)).value();
        CHECK(envelope.find(value) == std::string::npos);
        CHECK(seen.insert(envelope).second);
    }
}

TEST_CASE("an envelope with any single bit changed never opens")
{
    TestKeys keys;
    const auto envelope = seal(*keys, identity, SecretBytes("sesame")).value();
    for (std::size_t i = 0; i < envelope.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            auto changed = envelope;
            changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
            CAPTURE(i);
            CHECK_FALSE(open(*keys, identity, changed).has_value());
        }
    }
}

TEST_CASE("an envelope that was cut or lengthened never opens")
{
    TestKeys keys;
    const auto envelope = seal(*keys, identity, SecretBytes("sesame")).value();
    for (std::size_t size = 0; size < envelope.size(); ++size)
        CHECK(open(*keys, identity, envelope.substr(0, size)).error().kind == ErrorKind::integrity);
    CHECK(open(*keys, identity, envelope + "x").error().kind == ErrorKind::integrity);
}

TEST_CASE("an envelope opens under no identity but its own")
{
    TestKeys keys;
    const auto envelope = seal(*keys, identity, SecretBytes("sesame")).value();
    const auto with = [](auto change) {
        auto other = identity;
        change(other);
        return other;
    };
    const struct {
        std::string_view story;
        SecretIdentity other;
    } cases[] = {
        {"another installation", with([](auto& i) { i.install = "i-2"; })},
        {"another project", with([](auto& i) { i.project = "p-2"; })},
        {"another environment", with([](auto& i) { i.environment = "e-2"; })},
        {"another scope", with([](auto& i) { i.scope = "service/web"; })},
        {"another name", with([](auto& i) { i.name = "OTHER"; })},
        {"another version", with([](auto& i) { i.version = 4; })},
        {"letters moved between neighbouring parts", with([](auto& i) {
             i.project = "p-";
             i.environment = "1e-1";
         })},
    };
    for (const auto& [story, other] : cases) {
        CAPTURE(story);
        CHECK(open(*keys, other, envelope).error().kind == ErrorKind::integrity);
    }
}

TEST_CASE("the sealed part of one envelope does not open with the key of another")
{
    TestKeys keys;
    auto first = parse_envelope(seal(*keys, identity, SecretBytes("first")).value()).value();
    const auto second = parse_envelope(seal(*keys, identity, SecretBytes("second")).value()).value();
    first.sealed = second.sealed;
    CHECK(open(*keys, identity, to_bytes(first)).error().kind == ErrorKind::integrity);
}

TEST_CASE("a wrapped data key cannot pass for a sealed text")
{
    TestKeys keys;
    const auto data_key = SecretBytes::random(key_size);
    const auto wrapped = keys->wrap(data_key, associated_data(identity)).value();
    CHECK_FALSE(decrypt(data_key, wrapped.bytes, associated_data(identity)).has_value());
}

TEST_CASE("the format of version 1 is the one that is written down")
{
    TestKeys keys;
    const auto envelope = seal(*keys, identity, SecretBytes("sesame")).value();
    const auto id = keys->current_key_id();
    CHECK(envelope.substr(0, 4) == "RSE\x01");
    CHECK(static_cast<std::size_t>(envelope[4]) == id.size());
    CHECK(envelope.substr(5, id.size()) == id);
    const std::size_t wrapped = nonce_size + key_size + tag_size;
    CHECK(envelope.substr(5 + id.size(), 2) == std::string({'\0', static_cast<char>(wrapped)}));
    CHECK(envelope.size() == 5 + id.size() + 2 + wrapped + nonce_size + 6 + tag_size);
    CHECK(to_bytes(parse_envelope(envelope).value()) == envelope);
}

TEST_CASE("an envelope of the first release opens for ever")
{
    const testing::TemporaryDirectory directory;
    const auto file = directory / "keys";
    const std::string keys_text = "ramet-keys 1\n"
                                  "0fdd0d7f943394d3 1d23137fa932dd1e9477adad2fa83448a5d79ea14f80e253bb1e336208820ae6\n";
    const std::string sealed =
        "525345011030666464306437663934333339346433004841c5e0670b1dc07d91324b70d4434f73a1e81cdd5d019a0a4614fe3cb9526d"
        "67da8a640389b7eb41e63bd59d21c3e7439b3eb62f35e6185dd94ead5bf06ca5976e532edbedd6df17700d31de36b752a5b56bbddd71"
        "ec9e5fbb60377c9bb80153c13165a60667ecd20def93f320d4d778671c84ce4d7da9d8d2ced769aa6e08d06b1108ec754ee5aae7f85c";
    REQUIRE(write_file(file, keys_text).has_value());
    const auto keys = FileKeys::open(file).value();
    CHECK(open(*keys, identity, from_hex(sealed)).value().reveal() == "sealed by the first release");
}

TEST_CASE("re-wrapping moves the data key to the current key and leaves the sealed text as it is")
{
    TestKeys keys;
    const auto before = seal(*keys, identity, SecretBytes("sesame")).value();
    const auto current = keys->rotate().value();
    const auto after = rewrap(*keys, identity, before).value();
    CHECK(parse_envelope(after)->key.key_id == current);
    CHECK(parse_envelope(after)->sealed == parse_envelope(before)->sealed);
    CHECK(open(*keys, identity, before)->reveal() == "sesame");
    REQUIRE(keys->retire_old_keys(keys->current_key_id()).has_value());
    CHECK(open(*keys, identity, after)->reveal() == "sesame");
    CHECK(open(*keys, identity, before).error().kind == ErrorKind::not_found);
}

TEST_CASE("the error of a seal that does not open names the secret and not its value")
{
    TestKeys keys;
    auto envelope = seal(*keys, identity, SecretBytes("sesame")).value();
    envelope.back() = static_cast<char>(envelope.back() ^ 1);
    const auto error = open(*keys, identity, envelope).error();
    CHECK(error.message.find("DB_PASSWORD, version 3") != std::string::npos);
    CHECK(error.message.find("sesame") == std::string::npos);
}

}  // namespace ramet::secrets
