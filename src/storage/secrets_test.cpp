#include "storage/secrets.hpp"

#include "secrets/file_keys.hpp"
#include "secrets/fingerprint.hpp"
#include "storage/environments.hpp"
#include "storage/projects.hpp"
#include "storage/storage_test_support.hpp"

#include <algorithm>
#include <utility>

namespace ramet::storage {
namespace {

const ProjectId shop{"p-shop"};
const EnvironmentId production{"e-production"};
const EnvironmentId staging{"e-staging"};

/// A project with a protected and an open environment, and the store of its secrets.
struct Vault {
    TestDatabase database;
    Path key_file = database.directory() / "keys";
    std::unique_ptr<secrets::FileKeys> keys = secrets::FileKeys::create(key_file).value();
    secrets::Redactor redactor;
    Secrets store{*database, {"install", *keys, redactor}};

    Vault()
    {
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            TRY(Projects(*database).insert(transaction, Project{.id = shop, .name = "shop"}));
            Environments environments(*database);
            Environment row{.id = production, .project = shop, .name = "production", .is_protected = true};
            TRY(environments.insert(transaction, row));
            row = {.id = staging, .project = shop, .name = "staging"};
            return environments.insert(transaction, row);
        });
    }

    SecretReference set(const Scope& scope, const std::string& name, const std::string& value,
                        Protection protection = Protection::none)
    {
        SecretReference reference;
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            reference = TRY(store.set(transaction, {scope, name, protection, "alice", at(1)}, SecretBytes(value)));
            return {};
        });
        return reference;
    }

    std::string text_of(const SecretReference& reference)
    {
        const auto value = store.open(reference);
        return value ? std::string(value->reveal()) : "error: " + value.error().message;
    }

    void tamper(const std::string& sql)
    {
        must_write(database,
                   [&](Transaction& transaction) -> Result<void> { return transaction->execute_script(sql); });
    }
};

}  // namespace

TEST_CASE("a secret is opened in the version that the reference names")
{
    Vault vault;
    const auto scope = project_scope(shop);
    const auto first = vault.set(scope, "KEY", "value one");
    const auto second = vault.set(scope, "KEY", "value two");
    CHECK(first.id == second.id);
    CHECK(first.version == 1);
    CHECK(second.version == 2);
    CHECK(vault.text_of(first) == "value one");
    CHECK(vault.text_of(second) == "value two");
    CHECK(vault.store.open({second.id, 3, "KEY"}).error().kind == ErrorKind::not_found);
    CHECK(vault.store.open({"none", 1, "KEY"}).error().kind == ErrorKind::not_found);
}

TEST_CASE("a listing tells everything but values")
{
    Vault vault;
    vault.set(project_scope(shop), "B", "value two");
    vault.set(project_scope(shop), "A", "value one");
    vault.set(project_scope(shop), "A", "value three", Protection::protected_);
    const auto listed = vault.store.list(project_scope(shop)).value();
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].name == "A");
    CHECK(listed[0].is_protected);
    CHECK(listed[0].versions == std::vector<StoredSecret::Version>{{1, "alice", at(1)}, {2, "alice", at(1)}});
    CHECK(listed[0].newest().version == 2);
    CHECK_FALSE(listed[1].is_protected);
    CHECK(vault.store.find(project_scope(shop), "B").value() == listed[1]);
    CHECK_FALSE(vault.store.find(project_scope(shop), "C").value().has_value());
}

TEST_CASE("no value stands readable in the files of the database")
{
    Vault vault;
    const std::string value = "a-value-that-is-easy-to-find";
    vault.set(project_scope(shop), "KEY", value);
    vault.database.close();
    for (const auto& entry : std::filesystem::directory_iterator(vault.database.directory())) {
        const auto content = read_file(entry.path(), 1U << 30U).value();
        CAPTURE(entry.path());
        CHECK(content.find(value) == std::string::npos);
    }
}

TEST_CASE("every value is known to the redactor before it can be shown")
{
    Vault vault;
    const auto reference = vault.set(project_scope(shop), "KEY", "sesame-open");
    CHECK(vault.redactor.redact("x sesame-open y") == "x *** y");

    secrets::Redactor after_restart;
    Secrets again(*vault.database, {"install", *vault.keys, after_restart});
    vault.set(environment_scope(shop, staging), "OTHER", "other-value");
    CHECK(again.teach_redactor().value() == 2);
    CHECK(after_restart.redact("sesame-open other-value") == "*** ***");
    REQUIRE(again.forget(staging).has_value());
    CHECK(after_restart.redact("sesame-open other-value") == "*** other-value");
}

TEST_CASE("a row that was changed or swapped in the database never opens")
{
    struct Case {
        std::string_view story, sql;
    };
    const Case cases[] = {
        {"two secrets' envelopes swapped",
         "UPDATE secret_version SET envelope = CASE secret WHEN (SELECT id FROM secret WHERE name = 'A') "
         "THEN (SELECT envelope FROM secret_version WHERE secret = (SELECT id FROM secret WHERE name = 'B')) ELSE "
         "envelope END"},
        {"renamed", "UPDATE secret SET name = 'C' WHERE name = 'A'"},
        {"moved to another environment", "UPDATE secret SET environment = 'e-production' WHERE name = 'A'"},
        {"moved to another level", "UPDATE secret SET level = 'preview' WHERE name = 'A'"},
        {"moved to a service", "UPDATE secret SET level = 'service', service = 'web' WHERE name = 'A'"},
        {"taken out of its project", "UPDATE secret SET project = NULL WHERE name = 'A'"},
        {"cut off", "UPDATE secret_version SET envelope = substr(envelope, 1, length(envelope) - 1)"},
        {"emptied", "UPDATE secret_version SET envelope = substr(envelope, 1, 0)"},
    };
    for (const auto& [story, sql] : cases) {
        CAPTURE(story);
        Vault vault;
        const auto reference = vault.set(environment_scope(shop, staging), "A", "value one");
        vault.set(environment_scope(shop, staging), "B", "value two");
        vault.tamper(std::string(sql));
        CHECK(vault.store.open(reference).error().kind == ErrorKind::integrity);
    }
}

TEST_CASE("an older version cannot be passed off as a newer one")
{
    Vault vault;
    const auto first = vault.set(project_scope(shop), "A", "value one");
    vault.set(project_scope(shop), "A", "value two");
    vault.tamper(
        "DELETE FROM secret_version WHERE version = 2; UPDATE secret_version SET version = 2 WHERE version = 1 AND "
        "secret = (SELECT id FROM secret WHERE name = 'A')");
    CHECK(vault.store.open({first.id, 2, "A"}).error().kind == ErrorKind::integrity);
}

TEST_CASE("each changed byte of a stored envelope is noticed")
{
    Vault vault;
    const auto reference = vault.set(project_scope(shop), "A", "value one");
    Reading reading(*vault.database, nullptr);
    const auto size = reading
                          ->find("SELECT length(envelope) FROM secret_version WHERE secret = ?", {reference.id},
                                 [](const Row& row) { return row.integer(0); })
                          .value()
                          .value();
    for (std::int64_t i = 1; i <= size; i += 7) {
        const auto flip = [&] {
            must_write(vault.database, [&](Transaction& transaction) -> Result<void> {
                std::string envelope = transaction
                                           ->find("SELECT envelope FROM secret_version WHERE secret = ?",
                                                  {reference.id}, [](const Row& row) { return row.text(0); })
                                           .value()
                                           .value();
                auto& byte = envelope[static_cast<std::size_t>(i - 1)];
                byte = static_cast<char>(byte ^ 0x20);
                TRY(transaction->execute("UPDATE secret_version SET envelope = ? WHERE secret = ?",
                                         {Blob{envelope}, reference.id}));
                return {};
            });
        };
        flip();
        CHECK_FALSE(vault.store.open(reference).has_value());
        flip();
        CHECK(vault.text_of(reference) == "value one");
    }
}

TEST_CASE("copying seals anew under the identity of the copy")
{
    Vault vault;
    const auto from = vault.set(environment_scope(shop, staging), "A", "value one");
    SecretReference to;
    must_write(vault.database, [&](Transaction& transaction) -> Result<void> {
        to = TRY(vault.store.copy(transaction, from, {previews_scope(shop), "A", Protection::none, "bob", at(2)}));
        return {};
    });
    CHECK(to.id != from.id);
    CHECK(vault.text_of(to) == "value one");
}

TEST_CASE("a secret that was removed is gone in all versions, and its name begins anew")
{
    Vault vault;
    const auto scope = project_scope(shop);
    const auto old = vault.set(scope, "A", "value one");
    must_write(vault.database, [&](Transaction& transaction) { return vault.store.remove(transaction, scope, "A"); });
    CHECK(vault.store.open(old).error().kind == ErrorKind::not_found);
    const auto removed =
        vault.database->write([&](Transaction& transaction) { return vault.store.remove(transaction, scope, "A"); });
    CHECK(removed.error().kind == ErrorKind::not_found);
    const auto fresh = vault.set(scope, "A", "value two");
    CHECK(fresh.id != old.id);
    CHECK(fresh.version == 1);
}

TEST_CASE("candidates are those of the organization, the project and the environments that are asked for")
{
    Vault vault;
    vault.set(organization_scope(), "ORG", "value 1");
    vault.set(project_scope(shop), "PROJECT", "value 2");
    vault.set(previews_scope(shop), "PREVIEWS", "value 3");
    vault.set(environment_scope(shop, staging), "STAGING", "value 4");
    vault.set(service_scope(shop, staging, "web"), "SERVICE", "value 5");
    vault.set(environment_scope(shop, production), "PRODUCTION", "value 6");
    const auto names = [&](const std::vector<EnvironmentId>& environments) {
        std::vector<std::string> found;
        const auto secrets = vault.store.list_candidates(shop, environments).value();
        for (const auto& secret : secrets) found.push_back(secret.name);
        return found;
    };
    CHECK(names({}) == std::vector<std::string>{"ORG", "PREVIEWS", "PROJECT"});
    CHECK(names({staging}) == std::vector<std::string>{"ORG", "PREVIEWS", "PROJECT", "SERVICE", "STAGING"});
    CHECK(names({staging, production}).size() == 6);
    CHECK(vault.store.list_candidates(ProjectId("p-other"), {})->size() == 1);
}

TEST_CASE("protected secrets are recognised by their fingerprints under the project's key")
{
    Vault vault;
    vault.set(environment_scope(shop, production), "DB", "in protected environment");
    vault.set(service_scope(shop, production, "api"), "API", "in its service");
    vault.set(project_scope(shop), "P", "set so", Protection::protected_);
    vault.set(organization_scope(), "O", "of everybody", Protection::protected_);
    vault.set(environment_scope(shop, staging), "S", "not protected");
    const auto key = vault.store.get_fingerprint_key(shop).value();
    const auto known = vault.store.list_protected(shop).value();
    const auto knows = [&](std::string_view value) {
        return std::ranges::any_of(
            known, [&](const auto& each) { return each.fingerprint == secrets::fingerprint(key, value); });
    };
    for (const auto* value : {"in protected environment", "in its service", "set so", "of everybody"})
        CHECK(knows(value));
    CHECK_FALSE(knows("not protected"));
    CHECK(known.size() == 4);
    CHECK(vault.store.find(service_scope(shop, production, "api"), "API").value()->is_protected);
}

TEST_CASE("the fingerprint key of a project is made once and listed nowhere")
{
    Vault vault;
    const auto first = vault.store.get_fingerprint_key(shop).value();
    CHECK(vault.store.get_fingerprint_key(shop)->reveal() == first.reveal());
    CHECK(vault.store.get_fingerprint_key(ProjectId())->reveal() != first.reveal());
    CHECK(vault.store.list(project_scope(shop))->empty());
    CHECK(vault.store.list_candidates(shop, {})->empty());
}

TEST_CASE("a rotation goes on where it was interrupted and loses no value")
{
    Vault vault;
    std::vector<SecretReference> references;
    for (int i = 0; i < 7; ++i)
        references.push_back(vault.set(project_scope(shop), "K" + std::to_string(i), "value " + std::to_string(i)));
    REQUIRE(vault.keys->rotate().has_value());
    const auto rewrap = [&](int limit) {
        std::int64_t count = 0;
        must_write(vault.database, [&](Transaction& transaction) -> Result<void> {
            count = TRY(vault.store.rewrap(transaction, limit));
            return {};
        });
        return count;
    };
    CHECK(rewrap(3) == 3);
    vault.keys = secrets::FileKeys::open(vault.key_file).value();
    Secrets again(*vault.database, {"install", *vault.keys, vault.redactor});
    std::int64_t more = 0;
    must_write(vault.database, [&](Transaction& transaction) -> Result<void> {
        more = TRY(again.rewrap(transaction, 100));
        return TRY(again.rewrap(transaction, 100)) == 0 ? Result<void>{} : fail(ErrorKind::internal, "not done");
    });
    CHECK(more == 5);  // four of these and the fingerprint key
    REQUIRE(vault.keys->retire_old_keys(vault.keys->current_key_id()).has_value());
    for (int i = 0; i < 7; ++i)
        CHECK(again.open(references[static_cast<std::size_t>(i)])->reveal() == "value " + std::to_string(i));
}

TEST_CASE("a rotation that comes to its end between the reading of a row and its opening keeps nobody from the value")
{
    /// Before it opens its first key, everything is under another one.
    class LateKeys final : public secrets::KeyProvider {
    public:
        explicit LateKeys(Vault& vault) : vault_(vault) {}
        std::string current_key_id() const override { return vault_.keys->current_key_id(); }
        Result<secrets::WrappedKey> wrap(const SecretBytes& key, std::string_view context) override
        {
            return vault_.keys->wrap(key, context);
        }
        Result<SecretBytes> unwrap(const secrets::WrappedKey& wrapped, std::string_view context) override
        {
            if (!std::exchange(is_rotated_, true)) rotate();
            return vault_.keys->unwrap(wrapped, context);
        }

    private:
        void rotate()
        {
            REQUIRE(vault_.keys->rotate().has_value());
            must_write(vault_.database, [&](Transaction& transaction) -> Result<void> {
                TRY(vault_.store.rewrap(transaction, 100));
                return {};
            });
            REQUIRE(vault_.keys->retire_old_keys(vault_.keys->current_key_id()).has_value());
        }

        Vault& vault_;
        bool is_rotated_ = false;
    };
    Vault vault;
    const auto reference = vault.set(project_scope(shop), "A", "value");
    LateKeys keys(vault);
    Secrets store(*vault.database, {"install", keys, vault.redactor});
    CHECK(store.open(reference)->reveal() == "value");

    // What no key opens at all is still told as what it is.
    const auto others = secrets::FileKeys::create(vault.database.directory() / "other-keys").value();
    Secrets stranger(*vault.database, {"install", *others, vault.redactor});
    CHECK(stranger.open(reference).error().kind == ErrorKind::not_found);
}

TEST_CASE("a value that is too large is refused")
{
    Vault vault;
    const auto written = vault.database->write([&](Transaction& transaction) -> Result<void> {
        TRY(vault.store.set(transaction, {project_scope(shop), "BIG"},
                            SecretBytes(std::string((64U << 10U) + 1, 'x'))));
        return {};
    });
    CHECK(written.error().kind == ErrorKind::invalid);
}

TEST_CASE("the secrets of an environment go with it")
{
    Vault vault;
    const auto reference = vault.set(environment_scope(shop, staging), "A", "value one");
    must_write(vault.database, [&](Transaction& transaction) {
        return Environments(*vault.database).remove(transaction, staging, at(9));
    });
    CHECK(vault.store.open(reference).error().kind == ErrorKind::not_found);
}

}  // namespace ramet::storage
