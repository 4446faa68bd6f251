#include "storage/deliveries.hpp"

#include "storage/storage_test_support.hpp"

#include <atomic>
#include <thread>

namespace ramet::storage {
namespace {

StoredDelivery delivery(const std::string& id, const std::string& connection = "c-1")
{
    return {.forge = "gitea",
            .connection = connection,
            .delivery_id = id,
            .event = "pull_request",
            .headers = {{"x-gitea-event", "pull_request"}, {"x-odd", "a \"b\" c"}},
            .body = std::string("{\0}", 3),
            .received_at = at(1)};
}

Deliveries::Stored insert(TestDatabase& database, const StoredDelivery& row)
{
    Deliveries::Stored stored;
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        stored = TRY(Deliveries(*database).insert(transaction, row));
        return {};
    });
    return stored;
}

}  // namespace

TEST_CASE("the same delivery twice is one, another connection's or one without an id is not")
{
    TestDatabase database;
    const auto first = insert(database, delivery("d-1"));
    CHECK(first.what == Deliveries::Stored::What::stored);
    const auto again = insert(database, delivery("d-1"));
    CHECK(again.what == Deliveries::Stored::What::duplicate);
    CHECK(again.id == first.id);
    CHECK(insert(database, delivery("d-1", "c-2")).what == Deliveries::Stored::What::stored);
    CHECK(insert(database, delivery("")).what == Deliveries::Stored::What::stored);
    CHECK(insert(database, delivery("")).what == Deliveries::Stored::What::stored);
}

TEST_CASE("a delivery is read back byte for byte")
{
    TestDatabase database;
    auto row = delivery("d-1");
    row.id = insert(database, row).id;
    database.reopen();
    CHECK(Deliveries(*database).get(row.id).value() == row);
    CHECK(Deliveries(*database).get(99).error().kind == ErrorKind::not_found);
}

TEST_CASE("what waits is processed in order, once, and again when asked for")
{
    TestDatabase database;
    Deliveries deliveries(*database);
    const auto first = insert(database, delivery("d-1")).id;
    const auto second = insert(database, delivery("d-2")).id;
    const auto waiting = [&] {
        std::vector<std::int64_t> ids;
        const auto rows = deliveries.list_waiting(10).value();
        for (const auto& row : rows) ids.push_back(row.id);
        return ids;
    };
    CHECK(waiting() == std::vector{first, second});
    must_write(database, [&](Transaction& transaction) {
        return deliveries.set_state(transaction, first, DeliveryState::failed, "the Git host did not answer", at(5));
    });
    CHECK(waiting() == std::vector{second});
    const auto failed = deliveries.get(first).value();
    CHECK(failed.state == DeliveryState::failed);
    CHECK(failed.reason == "the Git host did not answer");
    CHECK(failed.processed_at == at(5));
    must_write(database, [&](Transaction& transaction) { return deliveries.redeliver(transaction, first); });
    CHECK(waiting() == std::vector{first, second});
}

TEST_CASE("a listing is newest first and can be of one connection")
{
    TestDatabase database;
    Deliveries deliveries(*database);
    insert(database, delivery("d-1"));
    insert(database, delivery("d-2", "c-2"));
    const auto last = insert(database, delivery("d-3")).id;
    CHECK(deliveries.list("", 10)->size() == 3);
    CHECK(deliveries.list("c-1", 10)->size() == 2);
    CHECK(deliveries.list("c-1", 1)->at(0).id == last);
    CHECK(deliveries.list("c-1", 1)->at(0).body.empty());
}

TEST_CASE("old deliveries are dropped unless they wait")
{
    TestDatabase database;
    Deliveries deliveries(*database);
    const auto done = insert(database, delivery("d-1")).id;
    insert(database, delivery("d-2"));
    std::int64_t dropped = 0;
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        TRY(deliveries.set_state(transaction, done, DeliveryState::processed, "", at(2)));
        dropped = TRY(deliveries.prune(transaction, at(100)));
        return {};
    });
    CHECK(dropped == 1);
    CHECK(deliveries.list_waiting(10)->size() == 1);
}

TEST_CASE("many deliveries at once are all stored, each durable when its caller is answered")
{
    TestDatabase database;
    constexpr int threads = 16;
    constexpr int each = 100;
    const auto start = std::chrono::steady_clock::now();
    std::atomic<int> stored = 0;
    {
        std::vector<std::jthread> pool;
        for (int t = 0; t < threads; ++t)
            pool.emplace_back([&, t] {
                for (int i = 0; i < each; ++i) {
                    auto row = delivery(std::to_string(t) + "/" + std::to_string(i));
                    row.body.assign(8'000, 'x');
                    stored += insert(database, row).what == Deliveries::Stored::What::stored;
                }
            });
    }
    const auto elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    MESSAGE("stored " << static_cast<int>(threads * each / elapsed) << " deliveries of 8 kB a second");
    CHECK(stored == threads * each);
    CHECK(Deliveries(*database).list("", 10'000)->size() == threads * each);
}

}  // namespace ramet::storage
