// Clone of a golden copy against dump and restore, in turn in one run, on each kind of file system. Needs root (loop devices)
// and some 30 GB of free disk at 2 GB. Prints one JSON row a line: {name, measured, unit, bar, met, peer, ratio}; what it is
// doing goes to standard error. Usage: ramet_database_bench [--scale N] [--rounds N] [--peer-rounds N]
#define DOCTEST_CONFIG_IMPLEMENT
#include "support/local_postgres.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdio>

using namespace ramet;
using namespace ramet::testing;

namespace {

struct Options {
    int scale = 130;  ///< of pgbench: 15 MB each
    int rounds = 12;
    int peer_rounds = 2;
};

struct Samples {
    std::vector<double> clone_ms, delete_ms, dump_restore_ms, birth_bytes;
};

double now_ms()
{
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double quantile(std::vector<double> values, double part)
{
    if (values.empty()) return 0;
    std::ranges::sort(values);
    return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

void say(const std::string& line)
{
    std::fprintf(stderr, "%s\n", line.c_str());
}

/// The bench ends, and what it has brought up is taken down on the way.
struct Given : std::exception {};

template <typename T>
T must(Result<T> result)
{
    if (!result) {
        say(fmt::format("database_bench: {}\n{}", result.error().message, result.error().evidence));
        throw Given();
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// Bytes in use on the file system of `path`, after everything has been written back.
double used_bytes(const Path& path)
{
    const auto opened = must(data::open_directory(path));
    ::syncfs(opened.get());
    struct statvfs status{};
    ::statvfs(path.c_str(), &status);
    return static_cast<double>(status.f_blocks - status.f_bfree) * static_cast<double>(status.f_frsize);
}

std::string run(std::vector<std::string> arguments)
{
    arguments.front() = PostgresCluster::program(arguments.front());
    return must(run_checked({.arguments = std::move(arguments), .timeout = std::chrono::minutes(30)}));
}

std::vector<std::string> at(TestDatabase& database)
{
    return {"-h", database.socket_directory(), "-p", std::to_string(database.port()), "-U", "ramet"};
}

std::vector<std::string> with(std::vector<std::string> command, const std::vector<std::string>& more)
{
    command.insert(command.end(), more.begin(), more.end());
    return command;
}

void first_query(TestDatabase& database)
{
    auto sql = database.connect();
    must(sql.query_value("SELECT abalance FROM pgbench_accounts WHERE aid = 5000"));
}

/// pgbench's tables, belonging to the service's role as its own program would have made them.
void fill(TestDatabase& base, int scale)
{
    run(with(with({"pgbench"}, at(base)), {"-q", "-i", "-s", std::to_string(scale), "shopdb"}));
    must(base.up());
    auto sql = must(data::SqlConnection::open({.host = base.socket_directory(), .port = base.port()}));
    must(sql.execute("CHECKPOINT"));
}

/// What most previews do today: into a server that runs already.
double dump_and_restore(LocalPostgres& place, TestDatabase& base)
{
    TestDatabase into(place, spec_of("peer", DataStrategy::empty));
    must(into.up());
    const auto directory = (place.data_directory() / "dump").string();
    const double begin = now_ms();
    run(with(with({"pg_dump"}, at(base)), {"-Fd", "-j2", "-f", directory, "shopdb"}));
    run(with(with({"pg_restore"}, at(into)), {"-j2", "--no-owner", "--role=shop", "-d", "shopdb", directory}));
    first_query(into);
    const double took = now_ms() - begin;
    must(remove_tree(directory));
    must(into.down());
    return took;
}

void clone_once(LocalPostgres& place, const engine::ResourceRef& golden, int round, Samples& samples)
{
    auto spec = spec_of(fmt::format("pr-{}", round), DataStrategy::clone);
    spec.golden = GoldenId(golden.name);
    TestDatabase clone(place, spec);
    const double before = used_bytes(place.data_directory());
    const double begin = now_ms();
    must(clone.up());
    first_query(clone);
    samples.clone_ms.push_back(now_ms() - begin);
    say(fmt::format("data {:.0f} ms, server {:.0f} ms, role {:.0f} ms", clone.took_ms["data/db"],
                    clone.took_ms["server/db"], clone.took_ms["database/db"]));
    samples.birth_bytes.push_back(used_bytes(place.data_directory()) - before);
    const double deleting = now_ms();
    must(clone.down());
    samples.delete_ms.push_back(now_ms() - deleting);
}

Samples measure(const Path& parent, const Options& options)
{
    Samples samples;
    LocalPostgres place(parent);
    TestDatabase base(place, base_spec("base"));
    must(base.up());
    say(fmt::format("{}: filling the base", parent.string()));
    fill(base, options.scale);
    auto golden = golden_ref(place, base, "1");
    const double begin = now_ms();
    must(place.bring_up(golden));
    say(fmt::format("golden made in {:.1f} s", (now_ms() - begin) / 1000));
    for (int round = 0; round < options.rounds; ++round) {
        clone_once(place, golden, round, samples);
        say(fmt::format("clone {:.0f} ms, delete {:.0f} ms, birth {:.1f} MB", samples.clone_ms.back(),
                        samples.delete_ms.back(), samples.birth_bytes.back() / 1e6));
        const int every = std::max(1, options.rounds / std::max(1, options.peer_rounds));
        if (round % every != 0 || static_cast<int>(samples.dump_restore_ms.size()) >= options.peer_rounds) continue;
        samples.dump_restore_ms.push_back(dump_and_restore(place, base));
        say(fmt::format("dump and restore {:.1f} s", samples.dump_restore_ms.back() / 1000));
    }
    must(base.down());
    must(place.take_down(golden));
    return samples;
}

enum class Better : std::uint8_t { lower, higher };

void row(const std::string& name, double measured, const std::string& unit, double bar, Better better, double peer = 0)
{
    const bool met = better == Better::lower ? measured <= bar : measured >= bar;
    json::object row{{"name", name}, {"measured", measured}, {"unit", unit},    {"bar", bar},
                     {"met", met},   {"peer", nullptr},      {"ratio", nullptr}};
    if (peer > 0) {
        row["peer"] = peer;
        row["ratio"] = measured / peer;
    }
    std::printf("%s\n", to_text(row).c_str());
    std::fflush(stdout);
}

void report(const std::string& method, const Samples& samples)
{
    const auto name = [&](std::string_view what) { return fmt::format("database {} ({})", what, method); };
    const double clone = quantile(samples.clone_ms, 0.5);
    const double peer = quantile(samples.dump_restore_ms, 0.5);
    const bool instant = method != "copy";
    if (instant) {
        row(name("clone to first query, p50"), clone, "ms", 200, Better::lower, peer);
        row(name("clone to first query, p95"), quantile(samples.clone_ms, 0.95), "ms", 500, Better::lower);
        row(name("disk at birth, p50"), quantile(samples.birth_bytes, 0.5) / 1e6, "MB", 2, Better::lower);
        row(name("delete, p50"), quantile(samples.delete_ms, 0.5), "ms", 100, Better::lower);
    }
    row(name("clone, times faster than dump and restore"), peer / clone, "x", instant ? 200 : 10, Better::higher, 1);
}

Options parse(int count, char** arguments)
{
    Options options;
    for (int index = 1; index + 1 < count; index += 2) {
        const std::string_view key = arguments[index];
        const int value = std::atoi(arguments[index + 1]);
        if (key == "--scale") options.scale = value;
        if (key == "--rounds") options.rounds = value;
        if (key == "--peer-rounds") options.peer_rounds = value;
    }
    return options;
}

void measure_all(const Options& options)
{
    const auto size_mebibytes = 4096 + options.scale * 120;
    for (const auto& [type, method] :
         {std::pair{"xfs", "reflink"}, std::pair{"btrfs", "btrfs-snapshot"}, std::pair{"ext4", "copy"}}) {
        const LoopFileSystem system(type, size_mebibytes);
        if (type == std::string("xfs")) must(run_checked({{"xfs_io", "-c", "cowextsize 8k", system.path().string()}}));
        report(method, measure(system.path(), options));
    }
}

}  // namespace

int main(int count, char** arguments)
{
    doctest::Context context;
    context.setAsDefaultForAssertsOutOfTestCases();
    if (!is_root()) {
        say("database_bench: loop devices need root");
        return 77;
    }
    const auto options = parse(count, arguments);
    try {
        measure_all(options);
    } catch (const Given&) {
        return 1;
    }
    return 0;
}
