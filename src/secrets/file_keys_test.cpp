#include "secrets/file_keys.hpp"

#include "base/file_lock.hpp"
#include "secrets/secrets_test_support.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>

namespace ramet::secrets {

TEST_CASE("keys that were made can be read again and unwrap what they wrapped")
{
    TestKeys keys;
    const auto wrapped = keys->wrap(SecretBytes("0123456789"), "context").value();
    const auto again = FileKeys::open(keys.path()).value();
    CHECK(again->current_key_id() == keys->current_key_id());
    CHECK(again->unwrap(wrapped, "context")->reveal() == "0123456789");
    CHECK(again->unwrap(wrapped, "other").error().kind == ErrorKind::integrity);
}

TEST_CASE("the key file is for its owner alone")
{
    TestKeys keys;
    struct stat status{};
    REQUIRE(::stat(keys.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
    for (const unsigned mode : {0640U, 0604U, 0660U, 0777U}) {
        REQUIRE(::chmod(keys.path().c_str(), mode) == 0);
        const auto opened = FileKeys::open(keys.path());
        CHECK(opened.error().kind == ErrorKind::forbidden);
        CHECK(opened.error().next_step.starts_with("chmod 600"));
    }
}

TEST_CASE("a key file is never made over another one")
{
    TestKeys keys;
    CHECK(FileKeys::create(keys.path()).error().kind == ErrorKind::conflict);
}

TEST_CASE("an absent key file is not found, and not made in passing")
{
    const testing::TemporaryDirectory directory;
    CHECK(FileKeys::open(directory / "keys").error().kind == ErrorKind::not_found);
    CHECK_FALSE(std::filesystem::exists(directory / "keys"));
}

TEST_CASE("a damaged key file is noticed before anything is sealed with it")
{
    TestKeys keys;
    const auto good = read_file(keys.path()).value();
    const auto flipped = [&](std::size_t at) {
        auto text = good;
        text[at] = text[at] == '0' ? '1' : '0';
        return text;
    };
    const struct {
        std::string_view story;
        std::string text;
    } cases[] = {
        {"empty", ""},
        {"header only", "ramet-keys 1\n"},
        {"a later format", "ramet-keys 2\n" + good.substr(13)},
        {"a digit of the id differs", flipped(13)},
        {"a digit of the key differs", flipped(good.size() - 2)},
        {"a digit is missing", good.substr(0, good.size() - 2) + "\n"},
        {"no digit", good.substr(0, good.size() - 2) + "g\n"},
        {"no key", "ramet-keys 1\n0123456789abcdef\n"},
    };
    for (const auto& [story, text] : cases) {
        CAPTURE(story);
        REQUIRE(write_file(keys.path(), text).has_value());
        CHECK(FileKeys::open(keys.path()).error().kind == ErrorKind::integrity);
    }
}

TEST_CASE("a rotation keeps the older keys until it is ended, also over a restart")
{
    TestKeys keys;
    const auto old_id = keys->current_key_id();
    const auto wrapped = keys->wrap(SecretBytes("k"), "c").value();
    const auto new_id = keys->rotate().value();
    CHECK(new_id != old_id);
    const auto again = FileKeys::open(keys.path()).value();
    CHECK(again->key_ids() == std::vector{new_id, old_id});
    CHECK(again->unwrap(wrapped, "c").has_value());
    REQUIRE(again->retire_old_keys(again->current_key_id()).has_value());
    CHECK(again->key_ids() == std::vector{new_id});
    CHECK(again->unwrap(wrapped, "c").error().kind == ErrorKind::not_found);
    CHECK(FileKeys::open(keys.path()).value()->key_ids() == std::vector{new_id});
}

TEST_CASE("the keys of a rotation that another server has begun meanwhile are not dropped")
{
    TestKeys keys;
    const auto other = FileKeys::open(keys.path()).value();
    const auto first = keys->rotate().value();
    // Nothing is under another one than the first any more, and then this server stands still for a while.
    const auto second = other->rotate().value();
    const auto dropped = keys->retire_old_keys(first);
    REQUIRE_FALSE(dropped.has_value());
    CHECK(dropped.error().kind == ErrorKind::unavailable);
    CHECK(other->key_ids().front() == second);
    CHECK(FileKeys::open(keys.path()).value()->key_ids().size() == 3);
}

TEST_CASE("the file is changed by one server at a time")
{
    TestKeys keys;
    const auto before = FileKeys::open(keys.path()).value()->key_ids();
    const auto directory = keys.path().parent_path();
    Fd held(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(lock_within(held, directory, Milliseconds{0}).has_value());
    const auto rotated = keys->rotate();
    REQUIRE_FALSE(rotated.has_value());
    CHECK(rotated.error().kind == ErrorKind::unavailable);
    CHECK_FALSE(keys->retire_old_keys(keys->current_key_id()).has_value());
    CHECK(FileKeys::open(keys.path()).value()->key_ids() == before);
    held.reset();
    CHECK(keys->rotate().has_value());
}

TEST_CASE("what another server changed in the file is used from then on")
{
    TestKeys keys;
    const auto other = FileKeys::open(keys.path()).value();
    const auto old_key = keys->current_key_id();
    const auto before = other->wrap(SecretBytes("before"), "context").value();
    const auto new_key = keys->rotate().value();
    const auto after = keys->wrap(SecretBytes("after"), "context").value();
    CHECK(other->unwrap(after, "context")->reveal() == "after");
    CHECK(other->wrap(SecretBytes("x"), "context")->key_id == new_key);
    // Both may rotate, one after the other, and no key is lost.
    const auto newest = other->rotate().value();
    CHECK(keys->wrap(SecretBytes("x"), "context")->key_id == newest);
    CHECK(keys->key_ids() == std::vector<std::string>{newest, new_key, old_key});
    CHECK(keys->unwrap(before, "context")->reveal() == "before");
    REQUIRE(keys->retire_old_keys(keys->current_key_id()).has_value());
    CHECK(other->wrap(SecretBytes("x"), "context")->key_id == newest);
    CHECK(other->unwrap(before, "context").error().kind == ErrorKind::not_found);
}

}  // namespace ramet::secrets
