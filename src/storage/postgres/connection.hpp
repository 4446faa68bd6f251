#pragma once

#include "base/clock.hpp"
#include "storage/connection.hpp"
#include "storage/postgres/address.hpp"

#include <memory>
#include <unordered_map>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;

namespace ramet::storage {

enum class PostgresUse : std::uint8_t { reading, writing };

/// What all connections of one server to its store have in common.
struct PostgresPlace {
    PostgresAddress address;
    std::string server;  ///< this server's own word in what it announces
    /// A transaction whose server stands still is ended by the database after this time, so that the others do not wait for it.
    Milliseconds longest_pause{5'000};
    /// How long a commit whose answer was lost is asked for before it is told as unknown.
    Milliseconds longest_doubt{30'000};
};

/// One session of a PostgreSQL server, made anew when it was lost: for a statement by itself that reads, without anybody noticing;
/// inside a transaction the transaction is lost. Each commit is on the disk of the database before it returns.
///
/// All servers of a store write one after the other (a lock that ends with its transaction), as with SQLite: what is read inside a
/// writing transaction is what the write goes by.
class PostgresConnection final : public Connection {
public:
    static Result<std::unique_ptr<PostgresConnection>> open(const PostgresPlace& place, PostgresUse use);
    ~PostgresConnection() override;

    Result<void> execute_script(const std::string& sql) override;
    Result<void> begin_writing() override;
    Result<void> begin_reading() override;
    /// Where the answer is lost, the database is asked what became of the transaction.
    Result<void> commit() override;
    bool is_in_doubt() const override { return is_in_doubt_; }
    void roll_back() override;
    bool is_in_transaction() const override;
    Result<void> announce(const std::string& news) override;
    Result<Time> clock() override;
    Result<void> flush() override;

    PGconn* handle() const { return handle_.get(); }
    /// Of what `announce` tells: every schema has its own.
    const std::string& channel() const { return channel_; }

private:
    struct Close {
        void operator()(PGconn* connection) const;
    };
    struct Parameters;

    PostgresConnection(const PostgresPlace& place, PostgresUse use) : place_(place), use_(use) {}
    Result<void> connect();
    Result<void> check_server();
    Result<void> ensure_connected();
    bool is_lost() const;
    bool is_in_pipeline() const;
    Result<void> settle(const std::string& transaction);
    Result<std::string> prepare(std::string_view sql);
    Result<std::int64_t> run(std::string_view sql, const Value* values, std::size_t count,
                             const Visitor* visit) override;
    Result<void> run_later(std::string_view sql, const Value* values, std::size_t count, Answer answer) override;
    Result<void> take_answer(const Answer& answer, PGresult* result);
    Result<std::int64_t> run_once(std::string_view sql, const Parameters& parameters, const Visitor* visit);

    const PostgresPlace& place_;
    PostgresUse use_;
    std::unique_ptr<PGconn, Close> handle_;
    std::unordered_map<std::string, std::string, TextHash, std::equal_to<>> statements_;  ///< text → name
    std::string channel_;
    std::vector<Answer> posted_;  ///< sent, and not answered yet
    std::string transaction_;     ///< the number of the one that is open for writing
    bool is_in_doubt_ = false;
};

}  // namespace ramet::storage
