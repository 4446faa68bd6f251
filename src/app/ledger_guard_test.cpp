#include "app/deploy.hpp"
#include "app/previews.hpp"
#include "fakes/app_house.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

namespace {

/// What the ledger says of one resource of an environment.
engine::ResourceRef resource(AppHouse& house, const std::string& environment, const std::string& path)
{
    for (const auto& row : must(house.stores->runs.list_resources(owner_of(house.row(environment).id))))
        if (row.ref.path == path && !row.absent_at) return row.ref;
    return {};
}

/// As somebody with the database's file in hand would write it.
void rewrite(AppHouse& house, const engine::ResourceRef& ref, const std::string& name, const std::string& identity)
{
    must(house.database->write([&](storage::Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("UPDATE resource SET name = ?, identity = ? WHERE id = ? AND incarnation = ?",
                                 {name, identity, ref.id, ref.incarnation}));
        return {};
    }));
}

}  // namespace

TEST_CASE("a preview whose ledger names something of the original is not deleted")
{
    AppHouse house;
    house.connect();
    house.open_ready("feature");
    const auto own = resource(house, "pr-1", "service/web");
    const auto original = resource(house, "staging", "service/web");
    REQUIRE(!own.id.empty());
    REQUIRE(!original.id.empty());
    for (const auto& [name, identity] :
         {std::pair(original.name, own.identity), std::pair(own.name, std::string("the-same"))}) {
        CAPTURE(name);
        rewrite(house, own, name, identity);
        rewrite(house, original, original.name, identity == "the-same" ? identity : original.identity);
        const auto before = house.driver.objects().size();
        const auto deleted = delete_preview(*house.app, house.admin, house.name_of("pr-1"));
        REQUIRE(!deleted);
        CHECK(deleted.error().kind == ErrorKind::refused);
        CHECK(deleted.error().message.find("service/web of staging") != std::string::npos);
        CHECK(house.row("pr-1").state == EnvironmentState::ready);
        CHECK(house.driver.objects().size() == before);
    }
    rewrite(house, own, own.name, own.identity);
    rewrite(house, original, original.name, original.identity);
    must(delete_preview(*house.app, house.admin, house.name_of("pr-1")));
}
