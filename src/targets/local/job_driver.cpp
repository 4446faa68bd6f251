#include "targets/local/job_driver.hpp"

#include "base/hash.hpp"
#include "targets/local/marks.hpp"
#include "targets/local/processes.hpp"
#include "targets/local/values.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace ramet::targets::local {
namespace {

constexpr std::int64_t default_limit_ms = std::int64_t{15} * 60 * 1000;

Path directory_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return job_directory(machine.root, ref.mark.owner.str(), last_part(ref.path));
}

/// One directory per value of `once`.
Path run_of(const Machine& machine, const engine::ResourceRef& ref)
{
    return directory_of(machine, ref) / ("run-" + short_hash({to_canonical_text(get_member(ref.spec, "once"))}));
}

Error failure_of(const engine::ResourceRef& ref, const TaskResult& result, const Path& run)
{
    Error error{ErrorKind::invalid, fmt::format("{} exited with {}", ref.path, result.exit_code), last_log_lines(run)};
    if (!result.problem.empty()) error.message = fmt::format("{} could not be started: {}", ref.path, result.problem);
    if (result.stopped) error = {ErrorKind::cancelled, fmt::format("{} was stopped", ref.path), error.evidence};
    if (result.timed_out)
        error = {ErrorKind::timeout,
                 fmt::format("{} took longer than {}", ref.path,
                             format_duration(Milliseconds(get_int(ref.spec, "timeout_ms")))),
                 error.evidence};
    return error;
}

std::string describe_running(const ShimStatus& shim, const Path& run)
{
    if (!shim.failure.empty()) return "ended, but " + shim.failure;
    const auto line = last_log_lines(run, 1);
    return line.empty() ? "running" : "running: " + line;
}

/// Whether a seed job has filled already all that it would fill now: a database that was put back to a snapshot is left out, and what
/// remains is as it was.
bool fills_nothing_new(const Json& old_once, const Json& new_once)
{
    if (get_string(old_once, "moment") != "seed" || get_string(new_once, "moment") != "seed") return false;
    if (get_member(old_once, "environment") != get_member(new_once, "environment")) return false;
    const auto& old_data = get_member(old_once, "data");
    const auto& new_data = get_member(new_once, "data");
    if (!old_data.is_object() || !new_data.is_object()) return false;
    return std::ranges::all_of(new_data.get_object(), [&](const auto& member) {
        return get_member(old_data, member.key()) == member.value();
    });
}

Result<bool> end_run(const Path& run)
{
    TRY(stop_shim(run, {.signal = SIGKILL, .grace = Milliseconds(0)}));
    for (int waited = 0; waited < 400 && TRY(find_shim(run)); ++waited) ::usleep(1'000);
    if (TRY(find_shim(run))) return false;
    TRY(sweep_shim(run));
    return true;
}

}  // namespace

Path job_directory(const Path& root, std::string_view environment, std::string_view job)
{
    return environment_directory(root, environment) / "jobs" / job;
}

Result<engine::Observation> JobDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    return probe_marked_directory(directory_of(machine_, ref), ref);
}

Result<ShimProgram> JobDriver::program_of(const engine::ResourceRef& ref) const
{
    const auto& spec = ref.spec;
    const auto environment = environment_of(machine_, ref);
    ShimProgram program;
    program.version = "once";
    program.nonce = ref.mark.nonce;
    program.mode = ShimMode::task;
    program.arguments = command_arguments(get_member(spec, "run"));
    if (program.arguments.empty()) return fail(ErrorKind::invalid, "{} has no command to run", ref.path);
    program.directory = get_string(spec, "directory", (environment / "home").string());
    program.environment = TRY(open_variables(get_member(spec, "env"), machine_.secrets));
    program.environment.merge(clean_environment(environment / "home", environment / "tmp"));
    program.time_limit = Milliseconds(get_int(spec, "timeout_ms", default_limit_ms));
    const auto uid = static_cast<unsigned>(std::strtoul(get_string(spec, "uid").c_str(), nullptr, 10));
    program.sandbox = project_sandbox(machine_, {environment, uid, get_string(spec, "artefact")});
    return program;
}

/// Whether it has to be started: not when it runs or has succeeded, and not when this very request has started it before, however
/// that ended; a request made later tries again.
Result<bool> JobDriver::must_run(const Path& run, const engine::Token& token) const
{
    const auto result = TRY(find_task_result(run));
    if (result && result->exit_code == 0) return false;
    const auto requested_by = read_file(run / "token", 4096);
    const bool was_started = TRY(look_for(run / "lock"));
    if (requested_by && *requested_by == token.str() && was_started) return false;
    if (TRY(find_shim(run))) return false;
    TRY(sweep_shim(run));
    TRY(remove_tree(run));
    return true;
}

Result<engine::Acknowledged> JobDriver::apply(const engine::Call&, const engine::ResourceRef& ref,
                                              const engine::Token& token)
{
    const auto directory = directory_of(machine_, ref);
    const auto run = run_of(machine_, ref);
    TRY(ensure_marked_directory(directory, ref));
    const engine::Acknowledged acknowledged{directory.string(), TRY(identity_of_file(directory)), {}};
    if (!TRY(must_run(run, token))) return acknowledged;
    TRY(start(ref, token.str()));
    return acknowledged;
}

Result<void> JobDriver::start(const engine::ResourceRef& ref, std::string_view token) const
{
    const auto run = run_of(machine_, ref);
    auto program = TRY(program_of(ref));
    TRY(ensure_directory(run, 0700));
    TRY(write_quickly(run / "token", token));
    TRY(ensure_shim({.binary = machine_.shim_binary,
                     .directory = run,
                     .nonce = ref.mark.nonce,
                     .label = fmt::format("{} {}", ref.mark.owner.str(), ref.path),
                     .program = std::move(program)}));
    return {};
}

Result<engine::Readiness> JobDriver::await(const engine::Call&, const engine::ResourceRef& ref)
{
    const auto run = run_of(machine_, ref);
    auto result = TRY(find_task_result(run));
    if (!result)
        if (const auto shim = TRY(find_shim(run)))
            return engine::NotYet{Milliseconds(200), describe_running(*shim, run)};
    // It may have ended between the two looks.
    if (!result) result = TRY(find_task_result(run));
    if (result && result->exit_code == 0) return engine::Ready{};
    if (!result && !TRY(look_for(run / "lock"))) {
        // The server died before the shim was there: nothing of it has run.
        TRY(start(ref, read_file(run / "token", 4096).value_or(std::string())));
        return engine::NotYet{Milliseconds(10), "started again"};
    }
    Error error{ErrorKind::unavailable, fmt::format("{} vanished: its processes were ended from outside", ref.path),
                last_log_lines(run)};
    if (result) error = failure_of(ref, *result, run);
    if (get_bool(ref.spec, "required", true)) return engine::Failed{std::move(error)};
    return engine::Ready{{{"note", error.message}}};
}

Result<void> JobDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto directory = directory_of(machine_, proof.resource);
    const auto mark = TRY(find_mark(directory / "mark.json"));
    if (judge(mark, proof.resource) == engine::Presence::ours) {
        TRY(check_identity(proof, TRY(identity_of_file(directory))));
        for (const auto& name : TRY(names_in(directory)))
            if (name.starts_with("run-") && !TRY(end_run(directory / name))) return {};
    }
    return remove_marked_directory(directory, proof.resource);
}

Result<std::vector<engine::InventoryItem>> JobDriver::inventory(const engine::Call&, const std::string& install)
{
    std::vector<engine::InventoryItem> items;
    for (const auto& environment : TRY(names_in(machine_.root / "environments"))) {
        const auto jobs = machine_.root / "environments" / environment / "jobs";
        for (const auto& name : TRY(names_in(jobs))) {
            const auto mark = TRY(find_mark(jobs / name / "mark.json"));
            if (mark && mark->owner.install == install)
                items.push_back(to_item(*mark, TRY(identity_of_file(jobs / name))));
        }
    }
    return items;
}

engine::Driver::Change JobDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    const auto& old_once = get_member(old_spec, "once");
    const auto& new_once = get_member(new_spec, "once");
    return old_once == new_once || fills_nothing_new(old_once, new_once) ? Change::keep : Change::update;
}

}  // namespace ramet::targets::local
