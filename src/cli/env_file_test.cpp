#include "cli/env_file.hpp"

#include <doctest/doctest.h>

namespace ramet::cli {

namespace {

std::string describe(std::string_view text)
{
    const auto lines = parse_env_file(text, ".env");
    if (!lines) return lines.error().where + ": " + lines.error().message;
    std::string described;
    for (const auto& [key, value, line] : *lines) described += fmt::format("{}:{}=[{}] ", line, key, value);
    return described.substr(0, described.empty() ? 0 : described.size() - 1);
}

}  // namespace

TEST_CASE("an env file is read as such files are written")
{
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"", ""},
        {"\n\n# nothing\n   # here\n", ""},
        {"A=1", "1:A=[1]"},
        {"A=1\nB=2\n", "1:A=[1] 2:B=[2]"},
        {"A=1\r\nB=2\r\n", "1:A=[1] 2:B=[2]"},
        {"export A=1", "1:A=[1]"},
        {"  A = 1  ", "1:A=[1]"},
        {"A=", "1:A=[]"},
        {"A=\nB=", "1:A=[] 2:B=[]"},
        {"A=b=c", "1:A=[b=c]"},
        {"A=one two", "1:A=[one two]"},
        {"A=1 # one", "1:A=[1]"},
        {"A=a#b", "1:A=[a#b]"},
        {"A=# none", "1:A=[]"},
        {"A=\"x # y\" # z", "1:A=[x # y]"},
        {"A=\"a\\nb\\t\\\"c\\\" \\\\\"", "1:A=[a\nb\t\"c\" \\]"},
        {"A='a\\n$B \"'", "1:A=[a\\n$B \"]"},
        {"A=\"one\ntwo\"\nB=3", "1:A=[one\ntwo] 3:B=[3]"},
        {"A=$HOME", "1:A=[$HOME]"},
        {"_a1=x", "1:_a1=[x]"},
        {"A=''", "1:A=[]"},
    };
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(describe(text) == want);
    }
}

TEST_CASE("what cannot be read is named by its line, and never with a value")
{
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"A=1\nnonsense", ".env:2: there is no = in this line"},
        {"1A=hunter2", ".env:1: \"1A\" is no name of a variable"},
        {"A-B=hunter2", ".env:1: \"A-B\" is no name of a variable"},
        {"=hunter2", ".env:1: \"\" is no name of a variable"},
        {"A=1\n\nA=hunter2", ".env:3: A stands twice"},
        {"A=1\nB=\"hunter2\n", ".env:2: the quote of this value does not end"},
        {"A='hunter2' more", ".env:1: something follows the value's quote"},
    };
    for (const auto& [text, want] : cases) {
        CAPTURE(text);
        CHECK(describe(text) == want);
        CHECK_FALSE(describe(text).contains("hunter2"));
    }
}

TEST_CASE("secrets are known by their names, or by what they are")
{
    struct Case {
        std::string key, value;
        bool want;
    };
    const Case cases[] = {
        {"DB_PASSWORD", "x", true},
        {"STRIPE_SECRET", "x", true},
        {"GitHub_Token", "x", true},
        {"AWS_SECRET_ACCESS_KEY", "x", true},
        {"SIGNING_KEY", "x", true},
        {"SENTRY_DSN", "x", true},
        {"DATABASE_URL", "postgres://shop:hunter2@db/shop", true},
        {"DATABASE_URL", "postgres://db/shop?sslmode=require", false},
        {"SITE", "https://a.test/x:y@z", false},
        {"CERT", "-----BEGIN PRIVATE KEY-----\nx", true},
        {"LOG_LEVEL", "debug", false},
        {"KEYBOARD", "qwertz", false},
        {"MONKEY", "x", false},
        {"COMPASS", "x", false},
    };
    for (const auto& [key, value, want] : cases) {
        CAPTURE(key);
        CHECK(looks_secret({key, value}) == want);
    }
}

}  // namespace ramet::cli
