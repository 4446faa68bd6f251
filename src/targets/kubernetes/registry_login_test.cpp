#include "targets/kubernetes/registry_login.hpp"

#include "base/hash.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::kubernetes {

TEST_CASE("a login is read as people keep it")
{
    const auto auth = to_base64("ada:p:w");
    const std::pair<std::string, std::string_view> rows[] = {
        {"ada:p:w", "registry.example.com"},
        {"  ada:p:w\n", "registry.example.com"},
        {R"({"auths":{"registry.example.com:5000":{"auth":")" + auth + R"("}}})", "registry.example.com:5000"},
        {R"({"auths":{"other":{"auth":"eDp5"},"r.example.com":{"username":"ada","password":"p:w"}}})", "r.example.com"},
        {R"({"auths":{"https://r.example.com":{"auth":")" + auth + R"("}}})", "r.example.com"},
        {R"({"auths":{"https://index.docker.io/v1/":{"auth":")" + auth + R"("}}})", "docker.io"},
    };
    for (const auto& [secret, host] : rows) {
        CAPTURE(secret);
        const auto login = parse_registry_login(secret, std::string(host));
        REQUIRE(login);
        CHECK(login->user == "ada");
        CHECK(login->password == "p:w");
    }
}

TEST_CASE("what is no login is refused without a word of it")
{
    for (const std::string_view secret :
         {"", "hidden", ":hidden", "hidden:", "{hidden", R"({"auths":{"other":{"auth":"aGlkZGVuOmhpZGRlbg=="}}})",
          R"({"auths":{"r":{"auth":"hidden!"}}})", R"({"auths":{"r":{"username":"hidden"}}})",
          R"({"auths":["hidden"]})"}) {
        CAPTURE(secret);
        const auto login = parse_registry_login(secret, "r");
        REQUIRE_FALSE(login);
        CHECK(login.error().kind == ErrorKind::refused);
        CHECK(login.error().message.contains("registry r"));
        CHECK_FALSE((login.error().message + login.error().evidence).contains("hidden"));
    }
}

TEST_CASE("what is made for the node reads as the same login")
{
    for (const std::string host : {"registry.example.com:5000", "docker.io"}) {
        const auto again = parse_registry_login(to_docker_config({"ada", "p\"w"}, host), host);
        REQUIRE(again);
        CHECK(again->user == "ada");
        CHECK(again->password == "p\"w");
    }
    CHECK(basic_authorization({"Aladdin", "open sesame"}) == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
}

}  // namespace ramet::targets::kubernetes
