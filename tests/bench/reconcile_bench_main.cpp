// A full reconcile pass over many environments, each of an open pull request, on the real application and store. The Git host and
// Git are in memory, so that nothing waits for them. Prints one line of JSON for each pass: {environments, seconds, processor_seconds}.
// Usage: ramet_reconcile_bench ENVIRONMENTS PASSES
#define DOCTEST_CONFIG_IMPLEMENT
#include "app/maintenance.hpp"
#include "fakes/app_house.hpp"

#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>

using namespace ramet;
using namespace ramet::app::testing;

namespace {

double processor_seconds()
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

std::vector<std::string> columns_of_environment(AppHouse& house)
{
    storage::Reading reading(*house.database, nullptr);
    return must(reading->list("SELECT name FROM pragma_table_info('environment')", {},
                              [](const storage::Row& row) { return row.text(0); }));
}

/// The row of a real preview once more for each of the other pull requests, which are at the same commit.
void copy_preview(AppHouse& house, std::int64_t original, int count)
{
    std::string columns;
    std::string values;
    for (const auto& column : columns_of_environment(house)) {
        const std::string separator = columns.empty() ? "" : ", ";
        columns += separator + column;
        values += separator + (column == "id"             ? "printf('%016x', ?1)"
                               : column == "name"         ? "'pr-' || ?1"
                               : column == "pull_request" ? "?1"
                               : column == "branch"       ? "'branch-' || ?1"
                                                          : column);
    }
    const auto statement =
        "INSERT INTO environment (" + columns + ") SELECT " + values + " FROM environment WHERE pull_request = ?2";
    const auto head = house.repository.pull_request(original)->head_commit;
    must(house.database->write([&](storage::Transaction& transaction) -> Result<void> {
        for (int copy = 1; copy < count; ++copy) {
            const auto branch = fmt::format("branch-{}", original + copy);
            house.repository.force(branch, head);
            const auto number = house.repository.open(branch);
            TRY(transaction->execute(statement, {number, original}));
        }
        return {};
    }));
}

/// Nothing has changed, as nearly always: the Git host is asked for the list, and every pull request is decided upon by it.
void measure_pass(AppHouse& house, int environments)
{
    const auto asked = house.gitea.requests();
    const auto used = processor_seconds();
    const auto began = std::chrono::steady_clock::now();
    app::reconcile_all(*house.app);
    house.until([&] { return house.work->load().due == 0; });
    const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    REQUIRE(house.gitea.requests() == asked + 1);
    const json::object line{
        {"environments", environments}, {"seconds", took}, {"processor_seconds", processor_seconds() - used}};
    std::puts(to_text(line).c_str());
    std::fflush(stdout);
}

}  // namespace

int main(int count, char** words)
{
    doctest::Context context;
    context.setAsDefaultForAssertsOutOfTestCases();
    if (count != 3) {
        std::fputs("usage: ramet_reconcile_bench ENVIRONMENTS PASSES\n", stderr);
        return 2;
    }
    const auto environments = std::atoi(words[1]);
    AppHouse house;
    house.connect();
    copy_preview(house, house.open_ready("branch"), environments);
    house.until([&] { return house.work->load().due == 0; });
    for (int pass = 0; pass < std::atoi(words[2]); ++pass) measure_pass(house, environments);
    return 0;
}
