#pragma once

#include "secrets/file_keys.hpp"
#include "storage/database.hpp"
#include "storage/directory_lock.hpp"

#include <memory>

namespace ramet::storage {

/// The key-encryption keys of this installation; made at its first start. The file belongs outside the database's directory.
/// `company`: whether another server may be writing it just now.
/// `integrity` when it is absent although secrets are sealed under it: a new one would make all of them unreadable for good.
Result<std::unique_ptr<secrets::FileKeys>>
ensure_key_file(Database& database, const Path& path, DirectoryLock::Company company = DirectoryLock::Company::alone);

}  // namespace ramet::storage
