#include "app/rotation.hpp"

#include "app/maintenance.hpp"
#include "app/values.hpp"
#include "fakes/app_house.hpp"
#include "storage/backup_archive.hpp"

#include <thread>

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

namespace {

const ScopeName of_shop{.level = ScopeName::Level::project, .project = "shop"};

void set(AppHouse& house, const std::string& name, const std::string& value)
{
    must(set_secret(*house.app, house.admin, of_shop, name, SecretBytes(value), false));
}

std::string newest(AppHouse& house, const std::string& name)
{
    const auto scope = storage::project_scope(house.project().id);
    const auto found = must(house.stores->secrets.find(scope, name));
    REQUIRE(found.has_value());
    return std::string(must(house.stores->secrets.open(found->newest())).reveal());
}

/// The ids of keys under which a row stands, each once.
std::vector<std::string> keys_in_use(AppHouse& house)
{
    storage::Reading reading(*house.database, nullptr);
    return must(reading->list("SELECT DISTINCT key_id FROM secret_version", {},
                              [](const storage::Row& row) { return row.text(0); }));
}

void check_rotated_to(AppHouse& house, const std::string& key)
{
    CHECK(house.keys->key_ids() == std::vector{key});
    CHECK(keys_in_use(house) == std::vector{key});
}

}  // namespace

TEST_CASE("a rotation wraps every version under a new key and drops the old one")
{
    AppHouse house;
    house.connect();
    set(house, "stripe", "one");
    set(house, "stripe", "two");
    const auto old = house.keys->current_key_id();
    CHECK(must(rotate_keys(*house.app, house.admin)) >= 4);  // with the token of the Git host and a fingerprint key
    CHECK(house.keys->current_key_id() != old);
    check_rotated_to(house, house.keys->current_key_id());
    CHECK(newest(house, "stripe") == "two");
}

TEST_CASE("a rotation that was cut off goes on by itself: nobody asks for it again")
{
    AppHouse house;
    house.connect();
    set(house, "stripe", "one");
    // As the key file is found after a crash: with a new current key beside the old one.
    const auto current = must(house.keys->rotate());
    REQUIRE(is_rotation_unfinished(*house.app));
    reconcile_all(*house.app);
    house.until([&] { return !is_rotation_unfinished(*house.app); });
    check_rotated_to(house, current);
    CHECK(newest(house, "stripe") == "one");
}

TEST_CASE("asking again finishes what was cut off, with the key that it began with")
{
    AppHouse house;
    house.connect();
    const auto current = must(house.keys->rotate());
    CHECK(must(rotate_keys(*house.app, house.admin)) > 0);
    check_rotated_to(house, current);
}

TEST_CASE("a key file that cannot be written ends a rotation with an error that names it, and nothing is lost")
{
    AppHouse house;
    house.connect();
    set(house, "stripe", "one");
    const auto before = house.keys->key_ids();
    const auto folder = house.directory / "keys-away";
    std::filesystem::rename(house.key_folder(), folder);
    const auto refused = rotate_keys(*house.app, house.admin);
    REQUIRE(!refused);
    CHECK(refused.error().message.starts_with("rotating the keys: "));
    CHECK(refused.error().message.find(house.key_folder().string()) != std::string::npos);
    CHECK(house.keys->key_ids() == before);
    CHECK(newest(house, "stripe") == "one");
    std::filesystem::rename(folder, house.key_folder());
    must(rotate_keys(*house.app, house.admin));
    check_rotated_to(house, house.keys->current_key_id());
}

TEST_CASE("a backup never needs a key that is about to be dropped")
{
    AppHouse house;
    house.connect();
    set(house, "stripe", "one");
    const auto current = must(house.keys->rotate());
    const auto archive = must(back_up(*house.app, house.admin));
    CHECK(must(storage::unpack_backup(archive)).manifest.keys == std::vector{current});
    check_rotated_to(house, current);
}

TEST_CASE("a damaged secret holds up the rotation and not the backups")
{
    AppHouse house;
    house.connect();
    set(house, "stripe", "one");
    must(house.database->write([](storage::Transaction& transaction) -> Result<void> {
        TRY(transaction->execute(
            "UPDATE secret_version SET envelope = x'00' WHERE secret = (SELECT id FROM secret WHERE "
            "name = 'stripe')"));
        return {};
    }));
    const auto refused = rotate_keys(*house.app, house.admin);
    REQUIRE(!refused);
    CHECK(refused.error().kind == ErrorKind::integrity);
    // The old key is what may still open it.
    CHECK(house.keys->key_ids().size() == 2);
    CHECK(must(storage::unpack_backup(must(back_up(*house.app, house.admin)))).manifest.keys.size() >= 1);
}

TEST_CASE("secrets are set and read while the keys are rotated, again and again, and none is lost")
{
    constexpr int rotations = 10;
    AppHouse house;
    house.connect();
    set(house, "always", "there");
    std::atomic<bool> is_over = false;
    int written = 0;
    std::string wrong;
    std::thread writer([&] {
        while (!is_over) {
            const auto name = "K" + std::to_string(written);
            if (!set_secret(*house.app, house.admin, of_shop, name, SecretBytes("value of " + name), false)) break;
            ++written;
        }
    });
    std::thread reader([&] {
        while (!is_over)
            if (const auto value = newest(house, "always"); value != "there") wrong = value;
    });
    for (int i = 0; i < rotations; ++i) must(rotate_keys(*house.app, house.admin));
    is_over = true;
    writer.join();
    reader.join();
    CHECK(wrong.empty());
    CHECK(written > 0);
    for (int i = 0; i < written; ++i) CHECK(newest(house, "K" + std::to_string(i)) == "value of K" + std::to_string(i));
    CHECK(house.keys->key_ids().size() == 1);
    CHECK(keys_in_use(house).size() == 1);
}
