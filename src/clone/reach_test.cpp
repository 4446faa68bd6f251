#include "clone/reach.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace ramet;
using namespace ramet::clone;

namespace {

std::string fake_hash(std::string_view text)
{
    return "h(" + std::string(text) + ")";
}

const std::vector<Fingerprints>& production()
{
    static const std::vector<Fingerprints> list = {
        {.environment = "production",
         .addresses = {"db.prod.example.com:5432", "127.0.0.1:20010", "10.0.0.5:6379", "[::1]:9"},
         .database_names = {"shop"},
         .roles = {"shop_owner"},
         .buckets = {"shop-uploads"},
         .public_hosts = {"shop.example.com"},
         .secret_hashes = {"h(sk_live_1)"}}};
    return list;
}

std::string reached(std::string_view value)
{
    const std::set<std::string> own = {"own.invalid:1", "localhost:5433"};
    std::string text;
    for (const auto& reach : find_reach(value, {production(), own, fake_hash}))
        text += (text.empty() ? "" : "; ") + describe(reach);
    return text;
}

}  // namespace

TEST_CASE("what a value reaches is found by its parts")
{
    struct Case {
        std::string_view story, value, want;
    };
    const Case cases[] = {
        {"a URL of the database", "postgres://u:p@db.prod.example.com:5432/x",
         "the address db.prod.example.com:5432 of production"},
        {"its usual port", "postgresql://u@DB.prod.example.com/x",
         "the address db.prod.example.com:5432 of production"},
        {"a driver in the scheme", "postgresql+asyncpg://u@db.prod.example.com/x",
         "the address db.prod.example.com:5432 of production"},
        {"JDBC", "jdbc:postgresql://db.prod.example.com:5432/x", "the address db.prod.example.com:5432 of production"},
        {"an absolute host", "postgres://db.prod.example.com.:5432/",
         "the address db.prod.example.com:5432 of production"},
        {"host:port alone", "127.0.0.1:20010", "the address 127.0.0.1:20010 of production"},
        {"in a list", "a.example.com:1,10.0.0.5:6379", "the address 10.0.0.5:6379 of production"},
        {"host alone", "db.prod.example.com", "the address db.prod.example.com of production"},
        {"a DSN", "host=db.prod.example.com dbname=x",
         "the address db.prod.example.com of production; the address db.prod.example.com:5432 of production"},
        {"a host in a query", "postgres:///x?host=db.prod.example.com&port=5432",
         "the address db.prod.example.com of production; the address db.prod.example.com:5432 of production"},
        {"an encoded URL in a query", "https://a.example.com/?next=https%3A%2F%2Fshop.example.com%2Fx",
         "the public host shop.example.com of production"},
        {"a public host", "https://shop.example.com/api", "the public host shop.example.com of production"},
        {"a public host alone", "shop.example.com", "the public host shop.example.com of production"},
        {"a database name at a foreign address", "postgres://u:p@other:5432/shop",
         "the database name 'shop' of production"},
        {"a role at a foreign address", "postgres://shop_owner:p@other:5432/x",
         "the database role 'shop_owner' of production"},
        {"a bucket's URL", "s3://shop-uploads/a", "the bucket 'shop-uploads' of production"},
        {"a bucket's host", "https://shop-uploads.s3.amazonaws.com/a", "the bucket 'shop-uploads' of production"},
        {"a bucket's path", "https://s3.amazonaws.com/shop-uploads/a", "the bucket 'shop-uploads' of production"},
        {"a bucket alone", "shop-uploads", "the bucket 'shop-uploads' of production"},
        {"a secret pasted as text", "sk_live_1", "the value of a secret of production"},
        {"a secret in a URL", "https://u:sk_live_1@a.example.com/", "the value of a secret of production"},
        {"a secret behind a word", "token=sk_live_1", "the value of a secret of production"},
    };
    for (const auto& [story, value, want] : cases) {
        CAPTURE(story);
        CHECK(reached(value) == want);
    }
}

TEST_CASE("what only looks alike is no reach")
{
    const std::string_view values[] = {
        "",
        "shop",
        "shop_owner",
        "postgres://shop_owner:p@own.invalid:1/shop",
        "postgres://shop_owner:p@localhost:5433/shop",
        "127.0.0.1",
        "localhost:5432",
        "127.0.0.1:20011",
        "my-shop.example.com",
        "https://shop.example.com.evil.test/",
        "shop-uploads-2",
        "https://a.example.com/shop",
        "sk_live_12",
        "xdb.prod.example.com",
        "info",
        "http://[::1/",
        "://",
        "@:/?#",
    };
    for (const auto value : values) {
        CAPTURE(value);
        CHECK(reached(value).empty());
    }
}

TEST_CASE("a protected address is found wherever it stands as a whole token")
{
    CHECK(rc::check([] {
        const auto around = rc::gen::elementOf(std::vector<std::string>{" ", ",", ";", "\n", "\"", "'", "|"});
        const auto word = rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
        const auto value = *word + *around + "db.prod.example.com:5432" + *around + *word;
        RC_ASSERT(reached(value).find("db.prod.example.com:5432") != std::string::npos);
    }));
}

TEST_CASE("no text crashes the search")
{
    CHECK(rc::check([](const std::string& value) { static_cast<void>(reached(value)); }));
    CHECK(rc::check([] {
        const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(std::vector<std::string>{
            "://", "@", ":", "/", "?", "&", "=", "%", "%41", "[", "]", "host", "5432", ",", "postgres", "jdbc:", "#"}));
        std::string value;
        for (const auto& piece : pieces) value += piece;
        static_cast<void>(reached(value));
    }));
}
