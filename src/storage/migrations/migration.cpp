#include "storage/migrations/migration.hpp"

#include <cstdlib>
#include <vector>

namespace ramet::storage {

std::span<const Migration> migrations()
{
    static const Migration all[] = {
        {1, migration_0001, 1},
        {2, migration_0002, 2},
        {3, migration_0003, 3},
        {4, migration_0004, 4},
    };
    return all;
}

std::span<const Migration> postgres_migrations()
{
    static const std::vector<Migration> all = [] {
        std::vector<Migration> known = {{4, postgres_migration_0004, 4}};
#ifdef RAMET_FAILPOINTS
        // A Ramet of the future, for the tests of upgrades: "5 4" is a fifth schema that serves the fourth's servers, "5 5" does not.
        if (const char* next = std::getenv("RAMET_FAILPOINT_NEXT_SCHEMA"); next != nullptr)
            known.push_back({5, "ALTER TABLE meta ADD COLUMN note TEXT NOT NULL DEFAULT ''", next[2] - '0'});
#endif
        return known;
    }();
    return all;
}

}  // namespace ramet::storage
