#pragma once

#include "base/random.hpp"
#include "storage/database.hpp"
#include "storage/directory_lock.hpp"

#include <string>

namespace ramet::daemon {

/// The data directory of servers that share a store: what the local target runs is there, so all of them have the same one.
class SharedDirectory {
public:
    /// `conflict`: the store belongs to another data directory, or a server that shares with nobody uses this one.
    static Result<SharedDirectory> join(storage::Database& database, const Path& root, Random& random);

    /// Whether no other server is here yet: what is unfinished is then abandoned. They wait for `let_others_in`.
    bool is_alone() const { return company() == storage::DirectoryLock::Company::alone; }
    storage::DirectoryLock::Company company() const { return lock_.company(); }
    Result<void> let_others_in() { return lock_.let_others_in(); }

private:
    explicit SharedDirectory(storage::DirectoryLock lock) : lock_(std::move(lock)) {}

    storage::DirectoryLock lock_;
};

/// For people: "host (process 4711)".
std::string name_of_this_process();

}  // namespace ramet::daemon
