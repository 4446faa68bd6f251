#include "targets/kubernetes/image_reference.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::kubernetes {

namespace {

const std::string digest = "sha256:" + std::string(64, 'a');

}  // namespace

TEST_CASE("a reference is taken apart as container runtimes do")
{
    const std::pair<std::string, ImageReference> rows[] = {
        {"redis", {"docker.io", "library/redis", "latest", ""}},
        {"redis:7", {"docker.io", "library/redis", "7", ""}},
        {"acme/shop:1.2", {"docker.io", "acme/shop", "1.2", ""}},
        {"registry.example.com/shop/web:v1_A", {"registry.example.com", "shop/web", "v1_A", ""}},
        {"registry.example.com:5000/web", {"registry.example.com:5000", "web", "latest", ""}},
        {"localhost/web", {"localhost", "web", "latest", ""}},
        {"127.0.0.1:5000/a/b/c:x", {"127.0.0.1:5000", "a/b/c", "x", ""}},
        {"registry.example.com/web@" + digest, {"registry.example.com", "web", "", digest}},
        {"registry.example.com/web:1@" + digest, {"registry.example.com", "web", "1", digest}},
    };
    for (const auto& [text, expected] : rows) {
        CAPTURE(text);
        const auto reference = parse_image_reference(text);
        REQUIRE(reference);
        CHECK(*reference == expected);
    }
    CHECK(parse_image_reference("redis:7")->pinned(digest) == "docker.io/library/redis@" + digest);
}

TEST_CASE("what no runtime takes is refused, with what is wrong")
{
    for (const std::string text :
         {"", ":1", "web:", "Web:1", "web:-1", "web:.1", "a//b", "/web", "web/", "web@sha256:abc", "web@md5:abc",
          "a_/b", "reg istry.example.com/web", "we b", "web:1:2", "user@registry.example.com/web"}) {
        CAPTURE(text);
        const auto reference = parse_image_reference(text);
        REQUIRE_FALSE(reference);
        CHECK(reference.error().kind == ErrorKind::invalid);
        CHECK(reference.error().message.contains("'" + text + "'"));
    }
    CHECK_FALSE(parse_image_reference("web:" + std::string(129, 'x')));
}

}  // namespace ramet::targets::kubernetes
