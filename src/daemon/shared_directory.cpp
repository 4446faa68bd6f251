#include "daemon/shared_directory.hpp"

#include "base/text.hpp"
#include "storage/places.hpp"
#include "storage/settings.hpp"

#include <unistd.h>

#include <array>

namespace ramet::daemon {
namespace {

constexpr std::string_view setting = "data_directory";

/// A random word that a data directory keeps.
Result<std::string> ensure_word(const Path& file, Random& random)
{
    if (!TRY(look_for(file))) TRY(write_file(file, random_hex(random, 8) + "\n"));
    return std::string(trim(TRY(read_file(file, 64))));
}

Result<void> check_belongs(storage::Database& database, const std::string& word, const Path& root)
{
    storage::Settings settings(database);
    std::string known;
    TRY(database.write([&](storage::Transaction& transaction) -> Result<void> {
        known = TRY(settings.find(setting, &transaction)).value_or(word);
        return settings.set(transaction, setting, known);
    }));
    if (known == word) return {};
    Error error{ErrorKind::conflict, fmt::format("the store belongs to another data directory than {}", root.string())};
    error.evidence = "what its environments run, and their databases, are there";
    error.next_step = "start it with that --data-dir, on the machine that has it";
    return std::unexpected(std::move(error));
}

}  // namespace

Result<SharedDirectory> SharedDirectory::join(storage::Database& database, const Path& root, Random& random)
{
    const auto state = storage::store_directory(root);
    TRY(ensure_directory(state));
    if (TRY(look_for(state / storage::store_name)))
        return std::unexpected(Error{ErrorKind::conflict,
                                     fmt::format("the data directory {} has a store of its own", root.string()), "",
                                     "start it without --store, or give this one another --data-dir"});
    auto lock = TRY(storage::DirectoryLock::join(state));
    TRY(check_belongs(database, TRY(ensure_word(state / "id", random)), root));
    return SharedDirectory(std::move(lock));
}

std::string name_of_this_process()
{
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
    return fmt::format("{} (process {})", host.data(), ::getpid());
}

}  // namespace ramet::daemon
