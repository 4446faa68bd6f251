#include "storage/key_file.hpp"

namespace ramet::storage {
namespace {

Result<std::int64_t> count_sealed(Database& database)
{
    Reading reading(database, nullptr);
    const auto count =
        TRY(reading->find("SELECT count(*) FROM secret_version", {}, [](const Row& row) { return row.integer(0); }));
    return count.value_or(0);
}

}  // namespace

Result<std::unique_ptr<secrets::FileKeys>> ensure_key_file(Database& database, const Path& path,
                                                           DirectoryLock::Company company)
{
    // A rotation that was killed leaves a file with keys in it.
    if (company == DirectoryLock::Company::alone) TRY(remove_unfinished_writes(path));
    auto opened = secrets::FileKeys::open(path);
    if (opened || opened.error().kind != ErrorKind::not_found) return opened;
    const auto sealed = TRY(count_sealed(database));
    if (sealed == 0) return secrets::FileKeys::create(path);
    Error error{ErrorKind::integrity,
                fmt::format("the key file {} is gone, and {} sealed values need it", path.string(), sealed)};
    error.next_step = "put the key file that belongs to this data directory back";
    return std::unexpected(std::move(error));
}

}  // namespace ramet::storage
