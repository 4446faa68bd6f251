#include "cli/progress.hpp"

#include <chrono>
#include <csignal>
#include <map>
#include <thread>

namespace ramet::cli {

namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int)
{
    interrupted = 1;
}

/// Ctrl-C detaches: the work goes on at the server.
class InterruptWatch {
public:
    InterruptWatch()
    {
        struct sigaction action{};
        action.sa_handler = on_interrupt;
        ::sigaction(SIGINT, &action, &before_);
    }
    ~InterruptWatch() { ::sigaction(SIGINT, &before_, nullptr); }
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

private:
    struct sigaction before_{};
};

/// Remembers what was told, so that each step's state is told once.
class StepTeller {
public:
    explicit StepTeller(Session& session) : session_(session) {}

    void tell(const Json& run)
    {
        const auto& steps = get_member(run, "steps");
        if (!steps.is_array()) return;
        for (const auto& step : steps.as_array()) tell_step(step);
    }

private:
    void tell_step(const Json& step)
    {
        const auto state = get_string(step, "state");
        if (state == "pending" || state == "ready" || get_string(step, "action") == "keep") return;
        const bool is_over = state == "done" || state == "failed" || state == "undone" || state == "stuck";
        const auto word = is_over ? state : std::string("…");
        auto& told = told_[get_string(step, "path")];
        if (told == word) return;
        told = word;
        auto line = fmt::format("  {:<8} {:<8} {}", word, get_string(step, "action"), get_string(step, "path"));
        const auto& error = get_member(step, "error");
        if (error.is_object()) line += ": " + get_string(error, "message");
        session_.tell(line);
    }

    Session& session_;
    std::map<std::string, std::string> told_;
};

// Short, so that a preview of a second is told at once; a call costs the server well under a millisecond.
constexpr auto pause = std::chrono::milliseconds(60);

int detached(Session& session, const std::string& how_to_return)
{
    session.tell("\ndetached; the work goes on. Come back with: " + how_to_return);
    return 130;
}

int code_of_run(const Json& run)
{
    const auto state = get_string(run, "state");
    if (state == "succeeded" || state == "superseded") return 0;
    const auto& error = get_member(run, "error");
    return error.is_object() ? exit_code(parse_error_kind(get_string(error, "kind"))) : 1;
}

void tell_error(Session& session, const Json& holder)
{
    const auto& error = get_member(holder, "error");
    if (!error.is_object()) return;
    session.tell("error: " + get_string(error, "message"));
    const auto evidence = get_string(error, "evidence");
    if (!evidence.empty()) session.tell(evidence);
    const auto next = get_string(error, "next_step");
    if (!next.empty()) session.tell("next: " + next);
}

}  // namespace

Result<int> follow_run(Session& session, const std::string& run)
{
    auto* api = TRY(session.api());
    const InterruptWatch watch;
    StepTeller teller(session);
    while (interrupted == 0) {
        const auto view = TRY(api->get("/api/v1/runs/" + segment(run)));
        teller.tell(view);
        if (get_bool(view, "is_final")) {
            tell_error(session, view);
            return code_of_run(view);
        }
        std::this_thread::sleep_for(pause);
    }
    return detached(session, "ramet run wait " + run);
}

Result<int> follow_environment(Session& session, const std::string& name)
{
    auto* api = TRY(session.api());
    const InterruptWatch watch;
    StepTeller teller(session);
    const auto path = with_query("/api/v1/environments/" + segment(name), {{"project", session.project()}});
    std::string told;
    while (interrupted == 0) {
        const auto view = TRY(api->get(path));
        const auto state = get_string(view, "state");
        const auto reason = get_string(view, "reason");
        const auto words = reason.empty() ? state : state + ": " + reason;
        if (words != told) session.tell(name + " " + words);
        told = words;
        const auto run = get_string(view, "run");
        if (!run.empty())
            if (const auto steps = api->get("/api/v1/runs/" + segment(run))) {
                teller.tell(*steps);
                if (state == "failed" || state == "degraded" || state == "needs_human") tell_error(session, *steps);
            }
        if (state == "ready" || state == "sleeping") return 0;
        if (state == "degraded") return 8;
        if (state == "failed" || state == "needs_human" || state == "awaiting_approval") return 1;
        std::this_thread::sleep_for(pause);
    }
    return detached(session, "ramet env show " + name);
}

Result<int> follow_removal(Session& session, const std::string& name)
{
    auto* api = TRY(session.api());
    const InterruptWatch watch;
    StepTeller teller(session);
    const auto path = with_query("/api/v1/environments/" + segment(name), {{"project", session.project()}});
    while (interrupted == 0) {
        const auto view = api->get(path);
        if (!view && view.error().kind == ErrorKind::not_found) return 0;
        if (!view) return std::unexpected(view.error());
        if (const auto steps = api->get("/api/v1/runs/" + segment(get_string(*view, "run")))) teller.tell(*steps);
        if (get_string(*view, "state") == "needs_human") return 1;
        std::this_thread::sleep_for(pause);
    }
    return detached(session, "ramet env show " + name);
}

Result<int> finish_run(Session& session, const Arguments& arguments, const Json& reply)
{
    const auto run = get_string(reply, "run");
    if (run.empty()) {
        session.tell("nothing had to be done");
        return 0;
    }
    if (arguments.has("--no-wait")) {
        session.print_object(reply, {{"run", "run"}});
        return 0;
    }
    return follow_run(session, run);
}

}  // namespace ramet::cli
