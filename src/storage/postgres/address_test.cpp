#include "storage/postgres/address.hpp"

#include "support/temporary.hpp"

#include <doctest/doctest.h>

namespace ramet::storage {

TEST_CASE("the address of a store is a URL of PostgreSQL that names a database and no password")
{
    const struct {
        std::string_view story, url, words;
    } cases[] = {
        {"another scheme", "mysql://db/ramet", "takes the address of a PostgreSQL database"},
        {"a file", "/var/lib/ramet", "takes the address of a PostgreSQL database"},
        {"a password", "postgres://ramet:hunter2@db/ramet", "must not say password"},
        {"a password as an option", "postgres://ramet@db/ramet?password=hunter2", "must not say password"},
        {"a file of passwords", "postgres://ramet@db/ramet?passfile=/tmp/x", "must not say passfile"},
        {"the key's password", "postgres://ramet@db/ramet?sslpassword=hunter2", "must not say sslpassword"},
        {"no database", "postgres://ramet@db", "names no database"},
        {"an option that libpq does not know", "postgres://ramet@db/ramet?shoes=red",
         "no address of a PostgreSQL database"},
        {"half an escape", "postgres://ramet@db/ra%met", "no address of a PostgreSQL database"},
    };
    for (const auto& [story, url, words] : cases) {
        CAPTURE(story);
        const auto parsed = PostgresAddress::parse(std::string(url), {});
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().kind == ErrorKind::invalid);
        CHECK(parsed.error().message.find(words) != std::string::npos);
        CHECK_FALSE(parsed.error().next_step.empty());
        for (const auto& text : {parsed.error().message, parsed.error().evidence, parsed.error().next_step})
            CHECK(text.find("hunter2") == std::string::npos);
    }
    const auto parsed = PostgresAddress::parse("postgresql://ramet@db.example.com:5433/store?sslmode=verify-full", {});
    REQUIRE(parsed.has_value());
    CHECK(parsed->text() == "ramet@db.example.com:5433/store");
    CHECK(parsed->password() == nullptr);
}

TEST_CASE("the password comes from a file that only its owner can read")
{
    const testing::TemporaryDirectory folder;
    const auto file = folder / "password";
    const std::string url = "postgres://ramet@db/ramet";
    CHECK(PostgresAddress::parse(url, file).error().kind == ErrorKind::not_found);
    REQUIRE(write_file(file, "sesame open\nsecond line", 0600).has_value());
    CHECK(PostgresAddress::parse(url, file)->password()->reveal() == "sesame open");
    for (const unsigned mode : {0640U, 0604U, 0660U}) {
        CAPTURE(mode);
        REQUIRE(write_file(file, "sesame open", mode).has_value());
        std::filesystem::permissions(file, std::filesystem::perms(mode));
        const auto refused = PostgresAddress::parse(url, file);
        CHECK(refused.error().kind == ErrorKind::refused);
        CHECK(refused.error().next_step == "chmod 600 " + file.string());
    }
    REQUIRE(write_file(file, "\n", 0600).has_value());
    CHECK(PostgresAddress::parse(url, file).error().kind == ErrorKind::invalid);
}

TEST_CASE("a certificate is verified by the authorities of this machine unless others are named")
{
    const auto authorities = [](const std::string& options) {
        const auto parsed = PostgresAddress::parse("postgres://ramet@db/ramet" + options, {});
        std::vector<std::string> said;
        for (const auto& [keyword, value] : parsed->keywords())
            if (keyword == "sslrootcert") said.push_back(value);
        return said;
    };
    using Words = std::vector<std::string>;
    for (const auto* mode : {"?sslmode=verify-full", "?sslmode=verify-ca"})
        CHECK(authorities(mode) == Words{"/etc/ssl/certs/ca-certificates.crt"});
    CHECK(authorities("?sslmode=verify-full&sslrootcert=/own.pem") == Words{"/own.pem"});
    CHECK(authorities("?sslmode=require").empty());
    CHECK(authorities("").empty());
}

TEST_CASE("a file of root's that the own group may read is private to a process that is not root")
{
    constexpr UserAndGroup root{};
    constexpr UserAndGroup self{65'532, 65'532};
    constexpr UserAndGroup given{0, 65'532};
    CHECK(is_private(0600, self, self));
    CHECK(is_private(0400, root, root));
    CHECK(is_private(0440, given, self));
    CHECK_FALSE(is_private(0440, root, root));
    CHECK_FALSE(is_private(0440, self, self));
    CHECK_FALSE(is_private(0440, root, self));
    CHECK_FALSE(is_private(0460, given, self));
    CHECK_FALSE(is_private(0444, given, self));
}

}  // namespace ramet::storage
