#include "targets/local/postgres/task.hpp"

#include <thread>

namespace ramet::targets::postgres {

Result<std::optional<local::TaskResult>> advance_task(const local::ShimStart& start,
                                                      const std::function<Result<void>()>& prepare)
{
    // In this order: a task that ends between the two questions has left its result before its shim was gone.
    const bool runs = TRY(local::find_shim(start.directory)).has_value();
    auto result = TRY(local::find_task_result(start.directory));
    if (result || runs) return result;
    TRY(local::sweep_shim(start.directory));
    TRY(prepare());
    TRY(local::ensure_shim(start));
    return std::nullopt;
}

Error task_failure(std::string_view what, const Path& directory, const local::TaskResult& result)
{
    auto words = fmt::format("{} ended with {}", what, result.exit_code);
    if (result.timed_out) words = fmt::format("{} took too long", what);
    Error error{result.timed_out ? ErrorKind::refused : ErrorKind::conflict, std::move(words)};
    error.evidence = local::last_log_lines(directory);
    return error;
}

Result<void> end_shim(const Path& directory, const local::StopOptions& options)
{
    using Steady = std::chrono::steady_clock;
    constexpr auto patience = std::chrono::milliseconds(1500);
    TRY(local::stop_shim(directory, options));
    const auto deadline = Steady::now() + patience;
    while (TRY(local::find_shim(directory))) {
        if (Steady::now() > deadline)
            return fail(ErrorKind::unavailable, "the process of {} has not ended yet", directory.string());
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return local::sweep_shim(directory);
}

}  // namespace ramet::targets::postgres
