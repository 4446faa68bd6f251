// Durable steps of the engine on a real store, and bare commits on the same disk. Commands are read from standard input, one a
// line, so that whoever asks can put other things in between; each is answered by one line of JSON:
//   rows SECONDS        one-row commits for so long
//   commits COUNT       so many of them, one after the other
//   chains RUNS STEPS   so many runs of chained no-op steps, all in flight at once
// Usage: ramet_steps_bench sqlite DIRECTORY | postgresql URL
#include "bench/steps/chains.hpp"
#include "bench/steps/place.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>

using namespace ramet;
using namespace ramet::bench;

namespace {

double seconds_since(std::chrono::steady_clock::time_point began)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

Result<Json> commit_rows(Place& place, double seconds)
{
    const auto began = std::chrono::steady_clock::now();
    std::int64_t rows = 0;
    for (; seconds_since(began) < seconds; ++rows) TRY(place.commit_one_row());
    return json::object{{"rows", rows}, {"seconds", seconds_since(began)}};
}

Result<Json> commit_some(Place& place, int count)
{
    const auto began = std::chrono::steady_clock::now();
    for (int row = 0; row < count; ++row) TRY(place.commit_one_row());
    return json::object{{"rows", count}, {"seconds", seconds_since(began)}};
}

double processor_seconds()
{
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

Result<Json> run_chains(Chains& chains, int runs, int steps)
{
    const auto before = processor_seconds();
    const auto result = TRY(chains.run(runs, steps));
    return json::object{{"steps", runs * steps},
                        {"seconds", result.seconds},
                        {"commits", result.commits},
                        {"processor_seconds", processor_seconds() - before}};
}

Result<Json> carry_out(Place& place, Chains& chains, const std::string& line)
{
    std::istringstream words(line);
    std::string command;
    double first = 0;
    int second = 0;
    words >> command >> first >> second;
    if (command == "rows") return commit_rows(place, first);
    if (command == "commits") return commit_some(place, static_cast<int>(first));
    if (command == "chains") return run_chains(chains, static_cast<int>(first), second);
    return fail(ErrorKind::invalid, "\"{}\" is none of rows, commits, chains", line);
}

Result<std::unique_ptr<Place>> make_place(const std::string& store, const std::string& where)
{
    if (store == "postgresql") return make_postgres_place(where);
    if (store != "sqlite") return fail(ErrorKind::invalid, "\"{}\" is neither sqlite nor postgresql", store);
    TRY(ensure_directory(where));
    return make_sqlite_place(where);
}

Result<void> serve(const std::string& store, const std::string& where)
{
    const auto place = TRY(make_place(store, where));
    Chains chains(place->store(), place->is_shared());
    for (std::string line; std::getline(std::cin, line);) {
        std::puts(to_text(TRY(carry_out(*place, chains, line))).c_str());
        std::fflush(stdout);
    }
    return {};
}

}  // namespace

int main(int count, char** words)
{
    if (count != 3) {
        std::fputs("usage: ramet_steps_bench sqlite DIRECTORY | postgresql URL\n", stderr);
        return 2;
    }
    const auto served = serve(words[1], words[2]);
    if (served) return 0;
    std::fprintf(stderr, "steps_bench: %s\n%s\n", served.error().message.c_str(), served.error().evidence.c_str());
    return 1;
}
