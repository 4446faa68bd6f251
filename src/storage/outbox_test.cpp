#include "storage/outbox.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

struct Fixture {
    TestDatabase database;
    Outbox outbox{*database};

    void post(const std::string& target, const std::string& payload, int when)
    {
        must_write(database, [&](Transaction& transaction) {
            return outbox.post(transaction, {"forge.comment", target, payload, at(when)});
        });
    }
    void sent(const OutboxMessage& message)
    {
        must_write(database, [&](Transaction& transaction) { return outbox.mark_sent(transaction, message); });
    }
    void failed(const OutboxMessage& message, int next)
    {
        must_write(database,
                   [&](Transaction& transaction) { return outbox.mark_failed(transaction, message, "502", at(next)); });
    }
    std::vector<OutboxMessage> due(int when) { return outbox.list_due(at(when), 10).value(); }
};

}  // namespace

TEST_CASE("of one target only the newest message is sent")
{
    Fixture f;
    f.post("shop/1", "creating", 1);
    f.post("shop/2", "creating", 2);
    f.post("shop/1", "ready", 3);
    const auto due = f.due(3);
    REQUIRE(due.size() == 2);
    CHECK(due[0].target == "shop/2");
    CHECK(due[1].payload == "ready");
    for (const auto& message : due) f.sent(message);
    CHECK(f.due(100).empty());
    CHECK_FALSE(f.outbox.find_next_time().value().has_value());
}

TEST_CASE("a message that is superseded while it is sent is sent again, with the new text")
{
    Fixture f;
    f.post("shop/1", "creating", 1);
    const auto sending = f.due(1).at(0);
    f.post("shop/1", "ready", 2);
    f.sent(sending);
    REQUIRE(f.due(2).size() == 1);
    CHECK(f.due(2).at(0).payload == "ready");
}

TEST_CASE("what failed is tried again when it is due, and what superseded it at once")
{
    Fixture f;
    f.post("shop/1", "creating", 1);
    const auto message = f.due(1).at(0);
    f.failed(message, 50);
    CHECK(f.due(49).empty());
    CHECK(f.outbox.find_next_time().value() == at(50));
    REQUIRE(f.due(50).size() == 1);
    CHECK(f.due(50).at(0).attempts == 1);
    CHECK(f.due(50).at(0).last_error == "502");
    f.post("shop/1", "ready", 20);
    CHECK(f.due(20).at(0).attempts == 0);
    f.failed(message, 90);
    CHECK(f.due(20).size() == 1);
}

}  // namespace ramet::storage
