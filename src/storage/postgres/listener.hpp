#pragma once

#include "base/pipe.hpp"
#include "storage/postgres/connection.hpp"

#include <functional>
#include <thread>

namespace ramet::storage {

/// Hears what other servers of the store announce, on a session and a thread of its own, for as long as it lives.
class PostgresListener {
public:
    /// `hear` gets what another server gave to `announce`; "" when something may have been missed: at the beginning, and after a
    /// loss of the connection. It must be quick.
    using Hear = std::function<void(const std::string& news)>;

    static Result<std::unique_ptr<PostgresListener>> start(const PostgresPlace& place, Hear hear);
    ~PostgresListener();
    PostgresListener(const PostgresListener&) = delete;
    PostgresListener& operator=(const PostgresListener&) = delete;

private:
    PostgresListener(const PostgresPlace& place, Hear hear, Pipe wake);
    void listen_until_stopped(const std::stop_token& stop);
    /// Returns when the connection is lost, or on stop.
    void listen(PostgresConnection& connection, const std::stop_token& stop);

    const PostgresPlace& place_;
    Hear hear_;
    Pipe wake_;
    std::jthread thread_;
};

}  // namespace ramet::storage
