#include "shim/replica.hpp"

#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace ramet::shim {
namespace {

constexpr std::int64_t first_check_ms = 5;
constexpr std::int64_t slowest_start_check_ms = 250;
constexpr std::int64_t first_healthy_check_ms = 2'000;
constexpr std::int64_t slowest_healthy_check_ms = 10'000;
constexpr std::int64_t check_limit_ms = 5'000;
/// A program without a health check counts as healthy once it has run this long.
constexpr std::int64_t settled_ms = 100;
/// A process that ran this long did not end quickly: its restarts begin anew.
constexpr std::int64_t lasting_ms = 30'000;
constexpr int checks_until_unhealthy = 3;
constexpr int quick_ends_until_crash_loop = 5;

std::int64_t with_jitter(std::int64_t milliseconds)
{
    unsigned random = 0;
    if (::getrandom(&random, sizeof random, GRND_NONBLOCK) < 0) return milliseconds;
    return milliseconds - milliseconds / 5 +
           static_cast<std::int64_t>(random % static_cast<unsigned>(milliseconds * 2 / 5 + 1));
}

}  // namespace

Ending ending_of(int status)
{
    if (WIFEXITED(status)) return {WEXITSTATUS(status), "exited with " + std::to_string(WEXITSTATUS(status))};
    const int signal = WTERMSIG(status);
    return {128 + signal, "was ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")"};
}

std::string_view to_string(State state)
{
    switch (state) {
    case State::starting: return "starting";
    case State::healthy: return "healthy";
    case State::unhealthy: return "unhealthy";
    case State::restarting: return "restarting";
    case State::crash_loop: return "crash_loop";
    case State::stopping: return "stopping";
    case State::stopped: return "stopped";
    case State::failed: return "failed";
    }
    return "failed";
}

std::int64_t restart_delay_ms(int attempt)
{
    return std::min<std::int64_t>(std::int64_t{50} << std::clamp(attempt, 0, 20), 30'000);
}

Readable::Readable(Loop& loop, Fd fd, std::function<void()> call)
    : loop_(loop), fd_(std::move(fd)), call_(std::move(call))
{
    loop_.add(fd_.get(), EPOLLIN, *this);
}

Readable::~Readable()
{
    loop_.remove(fd_.get());
}

Replica::Replica(Loop& loop, ReplicaOwner& owner, const Program& program, LogFile& log, Place place)
    : loop_(loop), owner_(owner), program_(program), place_(std::move(place)), stamper_(log, place_.index),
      check_timer_(loop, [this] { check_health(); }), stop_timer_(loop, [this] { end_descendants(); }),
      gone_timer_(loop, [this] { end_descendants(); }), restart_timer_(loop, [this] { launch(); }),
      overdue_timer_(loop, [this] {
          is_overdue_ = true;
          owner_.on_changed(*this);
      })
{
}

Replica::~Replica()
{
    group_.remove();
}

void Replica::set_state(State state)
{
    if (state_ == state) return;
    state_ = state;
    owner_.on_changed(*this);
}

void Replica::start()
{
    is_stopping_ = false;
    launch();
}

void Replica::launch()
{
    ++starts_;
    is_overdue_ = false;
    ending_.reset();
    started_at_ = now_ms();
    // Another one each time: a port that turned out to be taken must not keep a replica from ever starting.
    if (program_.mode == Mode::service) lease_ = PortLease::take();
    // Another group each time: Linux 6.14 and later end a process at once that is born into a group which was ever killed.
    group_.remove();
    group_ = place_.groups.make_child(place_.name + "." + std::to_string(starts_));
    const std::vector<std::string> additional = {"HOST=127.0.0.1", "PORT=" + std::to_string(port()), place_.tag};
    auto process = start_process({program_, program_.arguments, additional, group_});
    if (process.pid == 0) {
        problem_ = error_text("starting a process", errno);
        return schedule_restart();
    }
    pid_ = process.pid;
    log_ = std::make_unique<Readable>(loop_, std::move(process.output), [this] { read_log(); });
    problem_pipe_ = std::make_unique<Readable>(loop_, std::move(process.problem), [this] { read_problem(); });
    if (program_.mode != Mode::task) overdue_timer_.set(program_.health_timeout_ms);
    set_state(State::starting);
}

void Replica::read_problem()
{
    if (!problem_pipe_) return;  // The same round of events has closed it.
    char buffer[512];
    const auto count = ::read(problem_pipe_->fd(), buffer, sizeof buffer);
    if (count < 0 && errno == EAGAIN) return;
    if (count > 0) {
        problem_.assign(buffer, static_cast<std::size_t>(count));
        cannot_execute_ = true;
    }
    loop_.dispose(std::move(problem_pipe_));
    if (count == 0 && pid_ != 0) begin_health_checks();
}

bool Replica::read_log()
{
    if (!log_) return false;  // The same round of events has closed it.
    // One buffer for all: the loop has one thread.
    static char buffer[64U << 10U];
    const auto count = ::read(log_->fd(), buffer, sizeof buffer);
    if (count > 0) stamper_.feed({buffer, static_cast<std::size_t>(count)});
    if (count > 0) return true;
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    stamper_.finish();
    loop_.dispose(std::move(log_));
    return false;
}

void Replica::begin_health_checks()
{
    if (program_.mode == Mode::task) return;
    failed_checks_ = 0;
    check_interval_ms_ = program_.health == HealthKind::none ? settled_ms : first_check_ms;
    if (program_.health == HealthKind::tcp || program_.health == HealthKind::http) {
        const auto path = program_.health == HealthKind::http ? program_.health_path : std::string();
        probe_ = std::make_unique<PortProbe>(loop_, PortProbe::Question{port(), path},
                                             [this](std::string problem) { on_health(std::move(problem)); });
    }
    check_timer_.set(check_interval_ms_);
}

void Replica::check_health()
{
    if (pid_ == 0 || is_stopping_) return;
    switch (program_.health) {
    case HealthKind::none: return on_health({});
    case HealthKind::tcp:
    case HealthKind::http: return probe_->start(check_limit_ms);
    case HealthKind::command: return check_by_command();
    }
}

void Replica::check_by_command()
{
    const std::vector<std::string> additional = {"HOST=127.0.0.1", "PORT=" + std::to_string(port()), place_.tag};
    auto process = start_process({program_, program_.health_arguments, additional, group_});
    if (process.pid == 0) return on_health(error_text("starting the health command", errno));
    health_pid_ = process.pid;
    // What it says is not the program's log; it is read so that it never blocks.
    health_log_ = std::make_unique<Readable>(loop_, std::move(process.output), [this] {
        char buffer[1024];
        if (health_log_ && ::read(health_log_->fd(), buffer, sizeof buffer) == 0) loop_.dispose(std::move(health_log_));
    });
}

void Replica::on_health(std::string problem)
{
    if (pid_ == 0 || is_stopping_) return;
    const bool good = problem.empty();
    failed_checks_ = good ? 0 : failed_checks_ + 1;
    if (good && state_ != State::healthy) check_interval_ms_ = first_healthy_check_ms;
    const auto slowest = good ? slowest_healthy_check_ms : slowest_start_check_ms;
    const bool was_serving = state_ == State::healthy;
    if (!good && !was_serving) check_interval_ms_ = std::max<std::int64_t>(check_interval_ms_, 10);
    if (program_.health != HealthKind::none) check_timer_.set(std::min(check_interval_ms_, slowest));
    check_interval_ms_ = std::min(check_interval_ms_ + check_interval_ms_ / 4, slowest_healthy_check_ms);
    problem_ = std::move(problem);
    if (good) {
        was_healthy_ = true;
        overdue_timer_.cancel();
        stamper_.forget_tail();
        set_state(State::healthy);
    } else if (was_serving && failed_checks_ >= checks_until_unhealthy) {
        set_state(State::unhealthy);
    }
}

bool Replica::on_child_ended(pid_t pid, int status)
{
    if (pid == health_pid_ && pid != 0) {
        health_pid_ = 0;
        const auto ending = ending_of(status);
        on_health(ending.exit_code == 0 ? "" : "the health command " + ending.text);
        return true;
    }
    if (pid != pid_ || pid == 0) return false;
    on_main_ended(status);
    return true;
}

void Replica::on_main_ended(int status)
{
    ending_ = ending_of(status);
    // What stands in the pipe is all that it will ever say.
    if (problem_pipe_) read_problem();
    pid_ = 0;
    check_timer_.cancel();
    overdue_timer_.cancel();
    if (probe_) loop_.dispose(std::move(probe_));
    end_descendants();
}

void Replica::end_descendants()
{
    stop_timer_.cancel();
    send_signal(pid_, SIGKILL, Reach::whole_group);
    group_.kill();
    const bool tagged_left = !group_.exists() && kill_tagged(place_.tag);
    if (pid_ != 0 || tagged_left || !group_.is_empty()) return gone_timer_.set(2);
    on_all_gone();
}

void Replica::on_all_gone()
{
    gone_timer_.cancel();
    health_pid_ = 0;
    while (log_ && read_log()) {}
    group_.remove();
    if (is_stopping_) return set_state(State::stopped);
    if (!cannot_execute_) problem_ = "the program " + ending_->text;
    if (cannot_execute_ || !place_.restarts) return set_state(State::failed);
    schedule_restart();
}

void Replica::schedule_restart()
{
    quick_ends_ = now_ms() - started_at_ > lasting_ms ? 0 : quick_ends_ + 1;
    restart_timer_.set(with_jitter(restart_delay_ms(quick_ends_ - 1)));
    state_ = State::starting;  // So that each ending is told, also the second in a row.
    set_state(quick_ends_ >= quick_ends_until_crash_loop ? State::crash_loop : State::restarting);
}

void Replica::stop(int signal, std::int64_t grace_ms)
{
    restart_timer_.cancel();
    check_timer_.cancel();
    overdue_timer_.cancel();
    const bool again = is_stopping_;
    is_stopping_ = true;
    if (pid_ == 0 && !gone_timer_.is_set()) return set_state(State::stopped);
    // A database takes the signal as its leader; a shell between Ramet and a service would swallow it.
    send_signal(pid_, signal, program_.mode == Mode::supervise ? Reach::process : Reach::whole_group);
    if (grace_ms <= 0) return end_descendants();
    if (!again || grace_ms < program_.grace_ms) stop_timer_.set(grace_ms);
    set_state(State::stopping);
}

}  // namespace ramet::shim
