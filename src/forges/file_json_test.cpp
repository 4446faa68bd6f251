#include "forges/file_json.hpp"

#include "base/hash.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

namespace ramet::forges {

TEST_CASE("base64 is decoded, in lines or not, and what is broken is nothing")
{
    struct Case {
        std::string_view text;
        std::optional<std::string> want;
    };
    const Case cases[] = {
        {"", ""},
        {"Zg==", "f"},
        {"Zm8=", "fo"},
        {"Zm9v", "foo"},
        {"Zm9v\nYmFy\r\n", "foobar"},
        {"Zm9", std::nullopt},
        {"Z===", std::nullopt},
        {"Zg==Zg==", std::nullopt},
        {"Zm9v!", std::nullopt},
        {"Zg=a", std::nullopt},
        {"====", std::nullopt},
        {"Zm-_", std::nullopt},
    };
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(decode_base64(text) == want);
    }
    CHECK(rc::check([](const std::string& bytes) { RC_ASSERT(decode_base64(to_base64(bytes)) == bytes); }));
}

TEST_CASE("a file's content is read, a directory is invalid, and nonsense is unavailable")
{
    CHECK(read_file_content(json::object{{"type", "file"}, {"encoding", "base64"}, {"content", "Zm9v\n"}}, "a") ==
          "foo");
    CHECK(read_file_content(json::object{{"type", "file"}, {"encoding", "base64"}, {"content", ""}}, "a") == "");
    CHECK(read_file_content(json::array{json::object{{"type", "file"}, {"name", "b"}}}, "a").error().kind ==
          ErrorKind::invalid);
    const Json nonsense[] = {
        nullptr,
        json::array{},
        json::array{1},
        json::object{},
        json::object{{"type", "submodule"}},
        json::object{{"type", "file"}, {"encoding", "none"}, {"content", ""}},
        json::object{{"type", "file"}, {"encoding", "base64"}},
        json::object{{"type", "file"}, {"encoding", "base64"}, {"content", "!"}},
    };
    for (const auto& answer : nonsense) {
        CAPTURE(to_text(answer));
        CHECK(read_file_content(answer, "a").error().kind == ErrorKind::unavailable);
    }
}

}  // namespace ramet::forges
