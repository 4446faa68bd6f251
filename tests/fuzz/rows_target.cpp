#include "target.hpp"

#include "base/text.hpp"
#include "storage/engine_rows.hpp"
#include "storage/sqlite.hpp"
#include "support/temporary.hpp"

namespace ramet::fuzz {

namespace {

using namespace storage;

struct Table {
    testing::TemporaryDirectory directory;
    std::unique_ptr<SqliteConnection> connection =
        SqliteConnection::open(directory / "rows.db", OpenMode::create).value();
};

/// As many values as the list has columns: the lines, over and over; the values borrow them. A number is given as one.
std::vector<Value> values_of(const std::vector<std::string>& lines, const std::string& columns)
{
    std::vector<Value> values;
    for (std::size_t i = 0; i < split(columns, ',').size(); ++i) {
        const auto& line = lines[i % lines.size()];
        const bool is_number =
            !line.empty() && line.size() < 18 && line.find_first_not_of("0123456789") == std::string::npos;
        if (is_number)
            values.emplace_back(static_cast<std::int64_t>(std::stoll(line)));
        else
            values.emplace_back(line);
    }
    return values;
}

template <typename Read>
void check(Table& table, std::string_view input, const std::string& columns, Read read)
{
    const auto lines = split(input, '\n');
    const auto values = values_of(lines, columns);
    std::string sql = "SELECT ?";
    for (std::size_t i = 1; i < values.size(); ++i) sql += ", ?";
    const auto asked = table.connection->for_each(sql, values, [&](const Row& row) -> Result<void> {
        const auto found = read(row);
        if (found) return {};
        require(found.error().kind == ErrorKind::integrity || found.error().kind == ErrorKind::invalid,
                "a bad row is {}: {}", to_string(found.error().kind), found.error().message);
        return {};
    });
    require(asked.has_value(), "the question failed: {}", asked ? "" : asked.error().message);
}

void run(std::string_view input)
{
    static Table table;
    check(table, input, run_columns, read_run);
    check(table, input, journal_columns, read_journal);
    check(table, input, resource_columns, read_resource);
    check(table, input, receipt_columns, read_receipt);
}

std::vector<std::string> seeds()
{
    return {"id\nowner\n1\napply\n{}\n{}\n{\"steps\":[]}\nhash\n1700000000000\n1\nrunning\nnone\n\n\n1\n1\n1",
            "run\n1\nstep\n1\n1\nINTENT\ntoken\nhash\nexternal\n{}\n1700000000000\nprevious",
            "id\n1\nowner\ninstall\nnonce\npath\nlocal.service\nname\nexternal\nidentity\n{}\n{}\nlive\nhash\n[]\n{}\n{"
            "}\n1\n1\n1",
            "run\nowner\nname\n1\n[{\"path\":\"a\",\"kind\":\"b\",\"name\":\"c\",\"absent_at\":1}]\nhash", "\n"};
}

}  // namespace

const Target& rows_target()
{
    static const Target target{
        "rows",
        seeds,
        {"\n", "INTENT", "TOMBSTONE", "live", "gone", "null", "[]", "{}", "{\"kind\":\"x\"}", "9223372036854775807"},
        run};
    return target;
}

}  // namespace ramet::fuzz
