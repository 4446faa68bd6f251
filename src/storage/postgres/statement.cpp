#include "storage/postgres/statement.hpp"

namespace ramet::storage {

std::string number_parameters(std::string_view sql)
{
    std::string out;
    out.reserve(sql.size() + 16);
    bool is_quoted = false;
    int next = 0;
    for (std::size_t i = 0; i < sql.size(); ++i) {
        if (sql[i] == '\'') is_quoted = !is_quoted;
        if (sql[i] != '?' || is_quoted) {
            out += sql[i];
            continue;
        }
        out += '$';
        const bool is_numbered = i + 1 < sql.size() && sql[i + 1] >= '0' && sql[i + 1] <= '9';
        if (!is_numbered) out += std::to_string(++next);
    }
    return out;
}

}  // namespace ramet::storage
