#include "storage/idempotency.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {

namespace {

using Standing = IdempotencyKeys::Standing;

struct Fixture {
    TestDatabase database;
    std::unique_ptr<IdempotencyKeys> keys = std::make_unique<IdempotencyKeys>();

    IdempotencyKeys::Claim claim(const std::string& caller, const std::string& key = "k",
                                 const std::string& hash = "hash", Time now = at(0))
    {
        IdempotencyKeys::Claim claimed;
        must_write(database, [&](Transaction& transaction) -> Result<void> {
            claimed = TRY(keys->claim(transaction, {caller, key}, hash, now));
            return {};
        });
        return claimed;
    }
    void answer(const std::string& caller, const IdempotencyKeys::Answer& answer)
    {
        must_write(database,
                   [&](Transaction& transaction) { return keys->answer(transaction, {caller, "k"}, answer); });
    }
    void release(const std::string& caller)
    {
        must_write(database, [&](Transaction& transaction) { return keys->release(transaction, {caller, "k"}); });
    }
    /// The process ends and another one begins.
    void restart()
    {
        keys.reset();
        database.reopen();
        keys = std::make_unique<IdempotencyKeys>();
    }
};

}  // namespace

TEST_CASE("a key belongs to the first request of its caller until that is answered, and then gives its answer")
{
    Fixture f;
    CHECK(f.claim("alice").standing == Standing::begun);
    CHECK(f.claim("alice").standing == Standing::running);
    CHECK(f.claim("bob").standing == Standing::begun);
    CHECK(f.claim("alice", "another").standing == Standing::begun);
    const IdempotencyKeys::Answer answer{202, "/api/v1/runs/r1", "{\"run\":\"r1\",\"é\":\"\\n\"}\n"};
    f.answer("alice", answer);
    for (int repetition = 0; repetition < 2; ++repetition) {
        const auto claimed = f.claim("alice", "k", "another hash");
        CHECK(claimed.standing == Standing::answered);
        CHECK(claimed.request_hash == "hash");
        CHECK(claimed.answer == answer);
    }
    CHECK(f.claim("bob").standing == Standing::running);
}

TEST_CASE("a released key is free again, an answered one is not")
{
    Fixture f;
    f.claim("alice");
    f.release("alice");
    CHECK(f.claim("alice", "k", "second").standing == Standing::begun);
    f.answer("alice", {201, {}, "{}"});
    f.release("alice");
    CHECK(f.claim("alice").standing == Standing::answered);
    CHECK(f.claim("alice").request_hash == "second");
}

TEST_CASE("what a process began and did not answer is known as interrupted by the next one, which cannot release it")
{
    Fixture f;
    f.claim("alice");
    f.claim("bob");
    f.answer("bob", {204, {}, {}});
    f.restart();
    CHECK(f.claim("alice").standing == Standing::interrupted);
    f.release("alice");
    CHECK(f.claim("alice").standing == Standing::interrupted);
    CHECK(f.claim("bob").standing == Standing::answered);
    CHECK(f.claim("bob").answer == IdempotencyKeys::Answer{204, {}, {}});
}

TEST_CASE("keys are forgotten after a day, answered or not")
{
    Fixture f;
    const Milliseconds day = IdempotencyKeys::kept_for;
    f.claim("alice");
    f.claim("bob");
    f.answer("bob", {201, {}, "{}"});
    CHECK(f.claim("alice", "k", "hash", at(0) + day).standing == Standing::running);
    CHECK(f.claim("bob", "k", "hash", at(0) + day).standing == Standing::answered);
    CHECK(f.claim("alice", "k", "new", at(1) + day).standing == Standing::begun);
    CHECK(f.claim("bob", "k", "new", at(1) + day).standing == Standing::begun);
}

TEST_CASE("an answer needs a claim")
{
    Fixture f;
    const auto answered = f.database->write(
        [&](Transaction& transaction) { return f.keys->answer(transaction, {"alice", "k"}, {201, {}, "{}"}); });
    CHECK(answered.error().kind == ErrorKind::not_found);
}

}  // namespace ramet::storage
