#include "cli/progress.hpp"

#include <chrono>
#include <csignal>
#include <map>
#include <optional>
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
        interrupted = 0;
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

// A server that is restarted goes on with its runs: whoever waits for one should not notice.
constexpr auto patience = std::chrono::seconds(30);

/// Asks again and again, also while the server is away for a moment.
class Poll {
public:
    Poll(Session& session, ApiClient& api) : session_(session), api_(api) {}

    Result<Json> get(const std::string& path)
    {
        for (const auto deadline = std::chrono::steady_clock::now() + patience;;) {
            auto reply = api_.get(path);
            const bool is_away = !reply && reply.error().kind == ErrorKind::unavailable;
            if (!is_away) {
                has_answered_ = true;
                was_told_ = false;
                return reply;
            }
            // One that never answered is not there.
            if (!has_answered_ || interrupted != 0 || std::chrono::steady_clock::now() > deadline) return reply;
            if (!was_told_) session_.tell("the server does not answer; asking again");
            was_told_ = true;
            std::this_thread::sleep_for(pause);
        }
    }

private:
    Session& session_;
    ApiClient& api_;
    bool has_answered_ = false;
    bool was_told_ = false;
};

std::string path_of_run(const std::string& run)
{
    return "/api/v1/runs/" + segment(run);
}

std::string path_of_environment(const Session& session, const std::string& name)
{
    return with_query("/api/v1/environments/" + segment(name), {{"project", session.project()}});
}

/// Nothing when there is none, or it cannot be read now: its steps are told with the next look.
std::optional<Json> find_run(Poll& poll, const std::string& run)
{
    if (run.empty()) return std::nullopt;
    auto view = poll.get(path_of_run(run));
    if (!view) return std::nullopt;
    return std::move(*view);
}

/// Of an environment that is settled.
std::optional<int> code_of_state(std::string_view state)
{
    if (state == "ready" || state == "sleeping") return 0;
    if (state == "degraded") return 8;
    if (state == "failed" || state == "needs_human" || state == "awaiting_approval") return 1;
    return std::nullopt;
}

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
    Poll poll(session, *TRY(session.api()));
    const InterruptWatch watch;
    StepTeller teller(session);
    while (interrupted == 0) {
        const auto view = TRY(poll.get(path_of_run(run)));
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
    Poll poll(session, *TRY(session.api()));
    const InterruptWatch watch;
    StepTeller teller(session);
    std::string told;
    while (interrupted == 0) {
        const auto view = TRY(poll.get(path_of_environment(session, name)));
        const auto state = get_string(view, "state");
        const auto reason = get_string(view, "reason");
        const auto words = reason.empty() ? state : state + ": " + reason;
        if (words != told) session.tell(name + " " + words);
        told = words;
        const auto code = code_of_state(state);
        if (const auto run = find_run(poll, get_string(view, "run"))) {
            teller.tell(*run);
            if (code && *code != 0) tell_error(session, *run);
        }
        if (code) return *code;
        std::this_thread::sleep_for(pause);
    }
    return detached(session, "ramet env show " + name);
}

Result<int> follow_removal(Session& session, const std::string& name, const std::string& run)
{
    Poll poll(session, *TRY(session.api()));
    const InterruptWatch watch;
    StepTeller teller(session);
    while (interrupted == 0) {
        const auto view = poll.get(path_of_environment(session, name));
        if (!view && view.error().kind == ErrorKind::not_found) return 0;
        if (!view) return std::unexpected(view.error());
        if (get_string(*view, "state") == "needs_human") return 1;
        if (const auto removal = find_run(poll, run)) {
            teller.tell(*removal);
            if (get_bool(*removal, "is_final") && code_of_run(*removal) != 0) {
                tell_error(session, *removal);
                return code_of_run(*removal);
            }
        }
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
