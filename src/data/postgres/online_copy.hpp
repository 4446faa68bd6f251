#pragma once

#include "data/clone/ladder.hpp"
#include "data/postgres/connection.hpp"

namespace ramet::data {

struct OnlineCopy {
    SqlAddress server;  ///< as the superuser
    Path source;        ///< its data directory
    Path destination;   ///< absent; its parent exists
    std::optional<Owner> owner{};
    std::stop_token stop{};
};

/// A copy, by the best method that works here, of a data directory whose server goes on serving. It holds all that was committed before
/// the call; a server that is started on it recovers first, and finds unlogged tables empty, as after a crash. On failure nothing is
/// left. Errors: those of `clone_tree`, unavailable (the server), conflict (the server keeps too little of its log).
Result<CloneResult> copy_online(const OnlineCopy& request);

}  // namespace ramet::data
