#include "storage/backup.hpp"

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/tar.hpp"
#include "secrets/redactor.hpp"
#include "storage/backup_archive.hpp"
#include "storage/key_file.hpp"
#include "storage/places.hpp"
#include "storage/schema.hpp"
#include "storage/settings.hpp"
#include "storage/sqlite.hpp"
#include "storage/stores.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <functional>

using namespace ramet;
using namespace ramet::storage;
using ramet::testing::TemporaryDirectory;

namespace {

const Time now = Time(Milliseconds(1'700'000'000'000));

/// A data directory with a store, a key and one secret; closed unless it is opened.
struct Household {
    TemporaryDirectory directory;
    Path data = directory / "data";
    secrets::Redactor redactor;
    std::unique_ptr<Database> database;
    std::unique_ptr<secrets::FileKeys> keys;
    std::unique_ptr<Stores> stores;

    Household()
    {
        open();
        set("word", "first");
        SystemRandom random;
        REQUIRE(database->write([&](Transaction& transaction) -> Result<void> {
            TRY(stores->secrets.set(transaction, {.scope = {}, .name = "TOKEN", .set_by = "test", .set_at = now},
                                    SecretBytes("hunter2")));
            return {};
        }));
    }
    void open()
    {
        REQUIRE(ensure_directory(data / "keys", 0700).has_value());
        auto opened = Database::open(store_directory(data));
        if (!opened) FAIL(opened.error().message);
        database = std::move(*opened);
        keys = ensure_key_file(*database, key_file_of(data)).value();
        SystemRandom random;
        const auto install = Settings(*database).ensure_installation(random, now).value();
        stores = std::make_unique<Stores>(*database, Secrets::Parts{install.id, *keys, redactor});
    }
    void close()
    {
        stores.reset();
        keys.reset();
        database.reset();
    }
    void set(const std::string& key, const std::string& value)
    {
        REQUIRE(database->write(
            [&](Transaction& transaction) { return Settings(*database).set(transaction, key, value); }));
    }
    std::string get(const std::string& key) { return Settings(*database).find(key).value().value_or("absent"); }
    std::string secret()
    {
        Reading reading(*database, nullptr);
        const auto reference = reading->find("SELECT id FROM secret WHERE name = 'TOKEN'", {},
                                             [](const Row& row) { return SecretReference{row.text(0), 1}; });
        auto opened = stores->secrets.open(reference.value().value());
        if (!opened) FAIL(opened.error().message);
        return std::string(opened->reveal());
    }
    std::string back_up()
    {
        auto made = make_backup(*database, keys->current_key_id(), now);
        if (!made) FAIL(made.error().message);
        CHECK_FALSE(look_for(store_directory(data) / "backup.tmp").value());
        return made->archive;
    }
};

Restored must_restore(const std::string& archive, const RestoreRequest& request)
{
    const auto restored = restore_backup(archive, request);
    if (!restored) FAIL(restored.error().message);
    return *restored;
}

/// The archive with one of its files changed, and what guards it made to fit.
std::string with_manifest(const std::string& archive, const std::function<void(json::object&)>& change)
{
    auto files = parse_tar(archive).value();
    auto manifest = parse_json(files[0].content).value();
    change(manifest.as_object());
    files[0].content = to_text(manifest);
    files[1].content = sha256_hex(files[0].content);
    return make_tar(files, 0);
}

TEST_SUITE_END();

}  // namespace

TEST_SUITE_BEGIN("sqlite");

TEST_CASE("a store that was lost comes back with its values, and its secrets open with the key that was kept apart")
{
    Household house;
    const auto archive = house.back_up();
    house.set("word", "later");
    house.close();
    const auto aside = house.directory / "kept-apart";
    std::filesystem::copy_file(key_file_of(house.data), aside);
    SUBCASE("into the same data directory")
    {
        std::filesystem::remove_all(store_directory(house.data));
        must_restore(archive, {.data_directory = house.data, .now = now});
    }
    SUBCASE("into an empty one, with the key by name")
    {
        std::filesystem::remove_all(house.data);
        must_restore(archive, {.data_directory = house.data, .key_file = aside, .now = now});
        CHECK((std::filesystem::status(key_file_of(house.data)).permissions() & std::filesystem::perms(0777)) ==
              std::filesystem::perms(0600));
    }
    SUBCASE("beside one that is put aside")
    {
        const auto restored = must_restore(
            archive, {.data_directory = house.data, .existing = RestoreRequest::Existing::set_aside, .now = now});
        CHECK(restored.set_aside.filename() == "ramet.db.before-20231114T221320Z");
        const auto old = SqliteConnection::open(restored.set_aside, OpenMode::read_only).value();
        CHECK(old->find("SELECT value FROM meta WHERE key = 'word'", {}, [](const Row& row) { return row.text(0); })
                  .value() == "later");
    }
    house.open();
    CHECK(house.get("word") == "first");
    CHECK(house.secret() == "hunter2");
}

TEST_CASE("a backup says what it is, and holds no key")
{
    Household house;
    const auto archive = house.back_up();
    const auto unpacked = unpack_backup(archive);
    REQUIRE(unpacked.has_value());
    const auto& manifest = unpacked->manifest;
    CHECK(manifest.schema == migrations().back().version);
    CHECK(manifest.made_at == now);
    CHECK(manifest.current_key == house.keys->current_key_id());
    CHECK(manifest.keys == std::vector<std::string>{house.keys->current_key_id()});
    CHECK(manifest.install.size() == 16);
    const auto keys = read_file(key_file_of(house.data)).value();
    const auto line = keys.substr(keys.find('\n') + 1);
    const auto key = line.substr(line.find(' ') + 1, 64);
    CHECK_FALSE(archive.contains(key));
    CHECK_FALSE(archive.contains("hunter2"));
}

TEST_CASE("without a server a backup is made under the directory's lock")
{
    Household house;
    const auto busy = make_offline_backup(house.data, now);
    REQUIRE_FALSE(busy.has_value());
    CHECK(busy.error().kind == ErrorKind::conflict);
    house.close();
    const auto made = make_offline_backup(house.data, now);
    REQUIRE(made.has_value());
    CHECK(unpack_backup(made->archive).has_value());
    CHECK(make_offline_backup(house.directory / "nowhere", now).error().kind == ErrorKind::not_found);
    CHECK_FALSE(std::filesystem::exists(house.directory / "nowhere"));
}

TEST_CASE("what cannot be restored is said before anything is written")
{
    Household house;
    const auto archive = house.back_up();
    house.close();
    const TemporaryDirectory other;
    REQUIRE(secrets::FileKeys::create(other / "wrong").has_value());
    const auto own_key = key_file_of(house.data);
    auto altered = archive;
    altered[archive.size() / 2] = static_cast<char>(altered[archive.size() / 2] ^ 1);
    struct Case {
        std::string story, archive;
        Path key;
        ErrorKind kind;
        std::string words;
    };
    const Case cases[] = {
        {"nothing", "", own_key, ErrorKind::integrity, "cut off"},
        {"cut off", archive.substr(0, archive.size() / 2), own_key, ErrorKind::integrity, "cut off"},
        {"an altered byte", altered, own_key, ErrorKind::integrity, "not what was written"},
        {"another archive", make_tar({{"a", "b"}}, 0), own_key, ErrorKind::integrity, "does not hold"},
        {"a newer schema", with_manifest(archive, [](auto& it) { it["schema"] = 999; }), own_key, ErrorKind::refused,
         "schema 999"},
        {"another schema than it says", with_manifest(archive, [](auto& it) { it["schema"] = 1; }), own_key,
         ErrorKind::integrity, "its manifest says 1"},
        {"another kind", with_manifest(archive, [](auto& it) { it["format"] = "x"; }), own_key, ErrorKind::integrity,
         "manifest"},
        {"another key", archive, other / "wrong", ErrorKind::refused, "holds"},
        {"no key", archive, other / "absent", ErrorKind::refused, "there is no"},
        {"no key in the directory", archive, {}, ErrorKind::refused, "there is no"},
    };
    for (const auto& [story, bytes, key, kind, words] : cases) {
        CAPTURE(story);
        const TemporaryDirectory target;
        const auto restored = restore_backup(bytes, {.data_directory = target / "data", .key_file = key, .now = now});
        REQUIRE_FALSE(restored.has_value());
        CHECK(restored.error().kind == kind);
        CHECK_MESSAGE(restored.error().message.contains(words), restored.error().message);
        CHECK_FALSE(std::filesystem::exists(store_directory(target / "data") / "ramet.db"));
        CHECK_FALSE(std::filesystem::exists(store_directory(target / "data") / "ramet.db.restoring"));
        CHECK_FALSE(std::filesystem::exists(key_file_of(target / "data")));
    }
}

TEST_CASE("a store that is there is not replaced, and one that is used is not put aside either")
{
    Household house;
    const auto archive = house.back_up();
    RestoreRequest request{.data_directory = house.data, .now = now};
    request.existing = RestoreRequest::Existing::set_aside;
    const auto used = restore_backup(archive, request);
    REQUIRE_FALSE(used.has_value());
    CHECK(used.error().message.contains("in use by process"));
    house.close();
    request.existing = RestoreRequest::Existing::refused;
    const auto there = restore_backup(archive, request);
    REQUIRE_FALSE(there.has_value());
    CHECK(there.error().kind == ErrorKind::conflict);
    CHECK(there.error().next_step.contains("--force"));
    house.open();
    CHECK(house.secret() == "hunter2");
}

TEST_CASE("another key file in the data directory is not replaced")
{
    Household house;
    const auto archive = house.back_up();
    house.close();
    const TemporaryDirectory target;
    REQUIRE(ensure_directory(target / "keys", 0700).has_value());
    REQUIRE(secrets::FileKeys::create(key_file_of(target.path())).has_value());
    const auto before = read_file(key_file_of(target.path())).value();
    const auto restored =
        restore_backup(archive, {.data_directory = target.path(), .key_file = key_file_of(house.data), .now = now});
    REQUIRE_FALSE(restored.has_value());
    CHECK(restored.error().message.contains("another key file"));
    CHECK(read_file(key_file_of(target.path())).value() == before);
}

TEST_CASE("a disk that is full leaves the store that was there")
{
    Household house;
    const auto archive = house.back_up();
    house.set("word", "later");
    house.close();
    RestoreRequest request{.data_directory = house.data, .now = now};
    request.existing = RestoreRequest::Existing::set_aside;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    rlimit small = before;
    small.rlim_cur = 4096;
    const auto handler = ::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto restored = restore_backup(archive, request);
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    ::signal(SIGXFSZ, handler);
    REQUIRE_FALSE(restored.has_value());
    house.open();
    CHECK(house.get("word") == "later");
}
