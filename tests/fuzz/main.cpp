// fuzz TARGET [--inputs N] [--seed S] [--file FILE]: runs mutated inputs in this process and stops at the first that breaks the
// target's property, takes too long or throws. The same seed gives the same inputs.

#include "mutator.hpp"
#include "target.hpp"

#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>

using namespace ramet::fuzz;

namespace {

constexpr std::chrono::seconds longest_run{2};
// Far above what inputs of 64 KiB need, far below what would hurt the machine.
[[maybe_unused]] constexpr rlim_t memory_limit = rlim_t{2} << 30U;

struct Options {
    const Target* target = nullptr;
    std::uint64_t inputs = 20'000;
    std::uint64_t seed = 1;
    std::string file{};
};

const Target* find_target(std::string_view name)
{
    for (const auto* target :
         {&webhook_target(), &git_host_target(), &project_file_target(), &values_target(), &url_target(),
          &http_head_target(), &http_body_target(), &envelope_target(), &redactor_target(), &json_target(),
          &records_target(), &rows_target(), &shim_message_target()})
        if (target->name == name) return target;
    return nullptr;
}

Options read_options(int argc, char** argv)
{
    Options options;
    if (argc > 1) options.target = find_target(argv[1]);
    for (int i = 2; i + 1 < argc; i += 2) {
        const std::string_view word = argv[i];
        if (word == "--inputs") options.inputs = std::strtoull(argv[i + 1], nullptr, 10);
        if (word == "--seed") options.seed = std::strtoull(argv[i + 1], nullptr, 10);
        if (word == "--file") options.file = argv[i + 1];
    }
    return options;
}

std::string escaped(std::string_view input)
{
    std::string text;
    for (const char c : input.substr(0, 4000)) {
        const bool is_plain = c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
        text += is_plain ? std::string(1, c) : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
    return text;
}

std::chrono::steady_clock::duration slowest{};

/// What went wrong with this input, or nothing.
std::optional<std::string> find_problem(const Target& target, const std::string& input)
{
    const auto began = std::chrono::steady_clock::now();
    try {
        target.run(input);
    } catch (const Broken& broken) {
        return broken.what;
    } catch (const std::exception& thrown) {
        return fmt::format("it threw: {}", thrown.what());
    } catch (...) {
        return "it threw";
    }
    const auto took = std::chrono::steady_clock::now() - began;
    slowest = std::max(slowest, took);
    if (took < longest_run) return std::nullopt;
    return fmt::format("it took {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
}

bool is_fine(const Options& options, const std::string& input, std::uint64_t number)
{
    const auto problem = find_problem(*options.target, input);
    if (!problem) return true;
    fmt::print("{}: {}\ninput {} of seed {}, {} bytes: \"{}\"\n", options.target->name, *problem, number, options.seed,
               input.size(), escaped(input));
    std::ofstream("fuzz-" + std::string(options.target->name) + ".input", std::ios::binary) << input;
    return false;
}

}  // namespace

int main(int argc, char** argv)
{
    const auto options = read_options(argc, argv);
    if (options.target == nullptr) {
        fmt::print(stderr, "fuzz TARGET [--inputs N] [--seed S] [--file FILE]\n");
        return 2;
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit limit{memory_limit, memory_limit};
    ::setrlimit(RLIMIT_AS, &limit);
#endif
    if (!options.file.empty()) {
        std::ifstream stream(options.file, std::ios::binary);
        return is_fine(options, {std::istreambuf_iterator<char>(stream), {}}, 0) ? 0 : 1;
    }
    const auto seeds = options.target->seeds();
    for (const auto& seed : seeds)
        if (!is_fine(options, seed, 0)) return 1;
    Mutator mutator(options.seed, seeds, options.target->words);
    for (std::uint64_t i = 1; i <= options.inputs; ++i)
        if (!is_fine(options, mutator.next(), i)) return 1;
    fmt::print("{}: {} inputs of seed {}, the slowest took {} us\n", options.target->name, options.inputs, options.seed,
               std::chrono::duration_cast<std::chrono::microseconds>(slowest).count());
    return 0;
}
