#pragma once

#include "app/context.hpp"
#include "daemon/route_board.hpp"
#include "storage/postgres/listener.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

namespace ramet::daemon {

/// What this server does about the others that share its store: says that it is up, keeps its turns, hears of their news and acts
/// on it, and takes over what one of them left. News is a hint: whatever was missed is found by looking from time to time.
class Peers {
public:
    struct Means {
        app::App& app;
        RouteBoard& board;
        storage::Servers::Server self;
        /// There are new events: whoever follows them is told.
        std::function<void()> events_came{};
    };

    static Result<std::unique_ptr<Peers>> start(const storage::PostgresPlace& place, Means means);
    /// The others learn that it is gone; its turns are free.
    ~Peers();
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

private:
    explicit Peers(Means means) : means_(std::move(means)) {}
    void hear(const std::string& news);
    void work_until_stopped(const std::stop_token& stop);
    void act_on(const std::string& news);
    void look_at_owner(const engine::OwnerId& owner);
    void look_at_everything();
    void keep_up();

    Means means_;
    std::mutex mutex_;
    std::condition_variable_any came_;
    std::set<std::string> news_;
    /// When each was done last; a server that stood still does at once what it missed.
    std::chrono::steady_clock::time_point prolonged_{};
    std::chrono::steady_clock::time_point checked_in_{};
    std::chrono::steady_clock::time_point looked_{};
    std::unique_ptr<storage::PostgresListener> listener_;
    std::jthread thread_;
};

/// The routes of the ledger, as they are on disk: another server may have set them.
Result<void> show_routes(storage::Stores& stores, RouteBoard& board);

/// For the work queue: whose turn it is at what only one server may do at a time. What concerns one process alone needs none.
app::WorkQueue::Turns shared_turns(storage::Turns& turns);

/// What must hold inside each write of a thread that works in turns.
storage::Database::Fence fence_of(storage::Turns& turns);

}  // namespace ramet::daemon
