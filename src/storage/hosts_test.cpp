#include "storage/hosts.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

struct Fixture {
    TestDatabase database;
    Hosts hosts{*database};

    std::string ensure(const std::string& label, const std::string& owner, const std::string& service,
                       const std::string& project = "shop")
    {
        std::string host;
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            host = TRY(hosts.ensure(transaction, {label, "localhost", EnvironmentId(owner), service, project}));
            return {};
        });
        return host;
    }
};

}  // namespace

TEST_CASE("a host is the one that was wished for, and the same each time")
{
    Fixture f;
    CHECK(f.ensure("web-pr-1", "e-1", "web") == "web-pr-1.localhost");
    CHECK(f.ensure("web-pr-1", "e-1", "web") == "web-pr-1.localhost");
    CHECK(f.hosts.find("web-pr-1.localhost").value() ==
          Hosts::Holder{"web-pr-1.localhost", EnvironmentId("e-1"), "web", "shop"});
    CHECK_FALSE(f.hosts.find("other.localhost").value().has_value());
}

TEST_CASE("the second project to claim a host gets its name behind it, and keeps that")
{
    Fixture f;
    CHECK(f.ensure("web-pr-1", "e-1", "web") == "web-pr-1.localhost");
    CHECK(f.ensure("web-pr-1", "e-2", "web", "blog") == "web-pr-1-blog.localhost");
    must_write(f.database,
               [&](Transaction& transaction) { return f.hosts.release(transaction, EnvironmentId("e-1")); });
    CHECK(f.ensure("web-pr-1", "e-2", "web", "blog") == "web-pr-1-blog.localhost");
    CHECK(f.ensure("web-pr-1", "e-3", "web") == "web-pr-1.localhost");
}

TEST_CASE("names that meet by chance are told apart by a hash")
{
    Fixture f;
    CHECK(f.ensure("web-pr-1", "e-1", "web") == "web-pr-1.localhost");
    CHECK(f.ensure("web-pr-1", "e-2", "web-pr") == "web-pr-1-shop.localhost");
    const auto third = f.ensure("web-pr-1", "e-3", "web");
    CHECK(third.starts_with("web-pr-1-shop-"));
    CHECK(f.ensure("web-pr-1", "e-3", "web") == third);
    CHECK(f.hosts.list(EnvironmentId("e-3"))->size() == 1);
}

TEST_CASE("no label is longer than DNS allows")
{
    Fixture f;
    const std::string label(63, 'a');
    for (const auto* owner : {"e-1", "e-2", "e-3"}) {
        const auto host = f.ensure(label, owner, "web", owner[2] == '2' ? "blog" : "shop");
        CHECK(host.find('.') <= 63);
    }
}

}  // namespace ramet::storage
