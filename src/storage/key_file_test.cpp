#include "storage/key_file.hpp"

#include "secrets/redactor.hpp"
#include "storage/secrets.hpp"
#include "storage/storage_test_support.hpp"

namespace ramet::storage {

TEST_CASE("the key file is made at the first start and found at the next")
{
    TestDatabase database;
    const testing::TemporaryDirectory directory;
    const auto first = ensure_key_file(*database, directory / "keys").value()->current_key_id();
    CHECK(ensure_key_file(*database, directory / "keys").value()->current_key_id() == first);
}

TEST_CASE("keys that a killed rotation has left beside the file go at the next start, and nothing else does")
{
    TestDatabase database;
    const testing::TemporaryDirectory directory;
    REQUIRE(ensure_key_file(*database, directory / "keys").has_value());
    const std::vector<std::string> strangers = {".keys.2026", ".keys.0123456789ag", ".other.0123456789ab",
                                                "keys.0123456789ab", ".keys.0123456789abc"};
    for (const auto& name : strangers) REQUIRE(write_file(directory / name, "").has_value());
    REQUIRE(write_file(directory / ".keys.0123456789ab", "ramet-keys 1\n").has_value());
    REQUIRE(ensure_key_file(*database, directory / "keys").has_value());
    CHECK_FALSE(std::filesystem::exists(directory / ".keys.0123456789ab"));
    for (const auto& name : strangers) CHECK(std::filesystem::exists(directory / name));
}

TEST_CASE("a key file that is gone is not replaced while secrets need it")
{
    TestDatabase database;
    const testing::TemporaryDirectory directory;
    const auto keys = ensure_key_file(*database, directory / "keys").value();
    secrets::Redactor redactor;
    Secrets store(*database, {"install", *keys, redactor});
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        TRY(store.set(transaction, {.scope = organization_scope(), .name = "KEY"}, SecretBytes("value one")));
        return {};
    });
    REQUIRE(std::filesystem::remove(directory / "keys"));
    const auto opened = ensure_key_file(*database, directory / "keys");
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().kind == ErrorKind::integrity);
    CHECK_FALSE(std::filesystem::exists(directory / "keys"));
}

}  // namespace ramet::storage
