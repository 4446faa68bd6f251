#include "storage/postgres/statement.hpp"

#include <doctest/doctest.h>

namespace ramet::storage {

TEST_CASE("placeholders are numbered as PostgreSQL wants them")
{
    CHECK(number_parameters("SELECT 1") == "SELECT 1");
    CHECK(number_parameters("a = ? AND b IN (?,?)") == "a = $1 AND b IN ($2,$3)");
    CHECK(number_parameters("a > ?1 AND ?2 IN ('', b) AND c = ?1 LIMIT ?12") ==
          "a > $1 AND $2 IN ('', b) AND c = $1 LIMIT $12");
    CHECK(number_parameters("a = '?' AND b = ? AND c = 'it''s ?'") == "a = '?' AND b = $1 AND c = 'it''s ?'");
}

}  // namespace ramet::storage
