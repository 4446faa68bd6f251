#pragma once

#include "engine/run_store.hpp"
#include "storage/connection.hpp"

#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace ramet::storage {

/// The open write transaction, as closures given to `Writer` see it. What one closure does stands or falls with it
/// alone.
class Transaction final : public engine::Transaction {
public:
    explicit Transaction(Connection& connection) : connection_(connection) {}

    Connection* operator->() { return &connection_; }
    Connection& operator*() { return connection_; }

    /// Called once when what this closure wrote is on disk, never when it is not. Short, and without writing.
    void after_commit(std::function<void()> call) { calls_.push_back(std::move(call)); }

    /// Tells the other servers of this store with the commit; one word of a few (see `news.hpp`), and what it is about.
    void announce(std::string news) { news_.insert(std::move(news)); }

    std::vector<std::function<void()>> take_calls() { return std::exchange(calls_, {}); }
    std::set<std::string> take_news() { return std::exchange(news_, {}); }

private:
    Connection& connection_;
    std::vector<std::function<void()>> calls_;
    std::set<std::string> news_;
};

/// What an extra write of the engine's is given, when this store is the engine's.
inline Transaction& in_store(engine::Transaction& transaction)
{
    return static_cast<Transaction&>(transaction);
}

using Write = std::function<Result<void>(Transaction&)>;

}  // namespace ramet::storage
