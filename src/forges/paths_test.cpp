#include "forges/paths.hpp"

#include <doctest/doctest.h>

namespace ramet::forges {

TEST_CASE("everything but unreserved characters is percent-encoded")
{
    struct Case {
        std::string_view text;
        Slash slash;
        std::string want;
    };
    const Case cases[] = {
        {"main", Slash::encode, "main"},
        {"feature/x", Slash::keep, "feature/x"},
        {"feature/x", Slash::encode, "feature%2Fx"},
        {"a b?c#d&e=f%", Slash::keep, "a%20b%3Fc%23d%26e%3Df%25"},
        {"Ünïcode", Slash::keep, "%C3%9Cn%C3%AFcode"},
        {"line\r\nbreak", Slash::keep, "line%0D%0Abreak"},
        {"-._~", Slash::encode, "-._~"},
        {"", Slash::keep, ""},
    };
    for (const auto& [text, slash, want] : cases) {
        CAPTURE(text);
        CHECK(encode_path(text, slash) == want);
    }
}

TEST_CASE("a repository's name cannot leave its place in the path")
{
    CHECK(repository_path({"acme", "shop"}) == "/repos/acme/shop");
    CHECK(repository_path({"acme/x", "shop?token"}) == "/repos/acme%2Fx/shop%3Ftoken");
}

}  // namespace ramet::forges
