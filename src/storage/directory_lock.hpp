#pragma once

#include "base/file.hpp"

namespace ramet::storage {

/// Proof that this process is the only server on a data directory: an exclusive `flock` on the file `lock` in it,
/// held until the object (or the process) ends. Whoever gets it knows that the holder before is dead.
class DirectoryLock {
public:
    /// `conflict` names the process that holds it.
    static Result<DirectoryLock> acquire(const Path& directory);

private:
    explicit DirectoryLock(Fd file) : file_(std::move(file)) {}

    Fd file_;
};

}  // namespace ramet::storage
