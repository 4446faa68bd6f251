#pragma once

#include "base/file.hpp"

namespace ramet::storage {

/// A `flock` on the file `lock` in a data directory, held until the object (or the process) ends. Held alone it proves that no
/// other server uses the directory, and that the holder before is dead; servers that share a store share the directory too.
class DirectoryLock {
public:
    enum class Company : std::uint8_t { alone, shared };

    /// Alone, or not at all: `conflict` names the process that holds it.
    static Result<DirectoryLock> acquire(const Path& directory);
    /// Beside other servers of the same store. The first is alone, and tidies up, until it lets others in, for whom the next ones
    /// wait a while. `conflict`: a server that shares with nobody has it.
    static Result<DirectoryLock> join(const Path& directory);

    Company company() const { return company_; }
    Result<void> let_others_in();

private:
    DirectoryLock(Fd file, Company company) : file_(std::move(file)), company_(company) {}

    Fd file_;
    Company company_;
};

}  // namespace ramet::storage
