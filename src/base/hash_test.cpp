#include "base/hash.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;

TEST_CASE("SHA-256 gives the digests of FIPS 180-4")
{
    CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST_CASE("HMAC-SHA-256 gives the codes of RFC 4231, whatever the length of the key")
{
    CHECK(hmac_sha256_hex("Jefe", "what do ya want for nothing?") ==
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    CHECK(hmac_sha256_hex(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("a hash over pieces is the hash over the whole")
{
    CHECK(rc::check([](const std::vector<std::string>& pieces) {
        Sha256 hash;
        std::string whole;
        for (const auto& piece : pieces) {
            hash.update(piece);
            whole += piece;
        }
        RC_ASSERT(hash.hex() == sha256_hex(whole));
    }));
}

TEST_CASE("a short hash tells apart parts that join to the same text")
{
    CHECK(short_hash({"ab", "c"}) != short_hash({"a", "bc"}));
    CHECK(short_hash({"ab"}) != short_hash({"ab", ""}));
    CHECK(short_hash({"ab", "c"}) == short_hash({"ab", "c"}));
    CHECK(short_hash({"a"}).size() == 16);
    CHECK(short_hash({"a"}, 6) == short_hash({"a"}).substr(0, 6));
}

TEST_CASE("comparison in constant time is equality")
{
    CHECK(equal_constant_time("", ""));
    CHECK(equal_constant_time("token", "token"));
    CHECK_FALSE(equal_constant_time("token", "Token"));
    CHECK_FALSE(equal_constant_time("token", "toke"));
    CHECK_FALSE(equal_constant_time("token", ""));
}

TEST_CASE("base64 is read back, wrapped or not, and nothing else is")
{
    using namespace std::string_view_literals;
    for (const auto bytes : {""sv, "f"sv, "fo"sv, "foobar"sv, "\xfb\xff\0"sv})
        CHECK(from_base64(to_base64(bytes)) == bytes);
    CHECK(from_base64("Zm9v\nYmFy\n") == "foobar");
    for (const auto text : {"Zg"sv, "Zg="sv, "Zm9v!"sv, "Zg==Zg=="sv, "-_8="sv}) {
        CAPTURE(text);
        CHECK_FALSE(from_base64(text));
    }
}

TEST_CASE("bytes are written as hexadecimal digits and base64")
{
    using namespace std::string_view_literals;
    CHECK(to_hex("\x00\x7f\xff"sv) == "007fff");
    CHECK(to_hex("").empty());
    // RFC 4648, section 10.
    CHECK(to_base64("").empty());
    CHECK(to_base64("f") == "Zg==");
    CHECK(to_base64("fo") == "Zm8=");
    CHECK(to_base64("foobar") == "Zm9vYmFy");
    CHECK(to_base64("\xfb\xff"sv) == "+/8=");
}
