#include "storage/migrations/migration.hpp"

namespace ramet::storage {

std::span<const Migration> migrations()
{
    static const Migration all[] = {
        {1, migration_0001},
        {2, migration_0002},
    };
    return all;
}

}  // namespace ramet::storage
