#pragma once

#include "storage/connection.hpp"

typedef struct pg_result PGresult;

namespace ramet::storage {

/// One row of a result that has arrived as a whole.
class PostgresRow final : public Row {
public:
    PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}

    std::string text(int column) const override;
    std::int64_t integer(int column) const override;
    bool is_null(int column) const override;

private:
    const PGresult* result_;
    int row_;
};

}  // namespace ramet::storage
