#include "shim/shim.hpp"

#include <fcntl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

namespace ramet::shim {
namespace {

constexpr std::int64_t result_retry_ms = 200;

/// Field 22 of /proc/self/stat: when this process started, so that its number alone need not be trusted.
std::string own_identity()
{
    const auto text = read_text("/proc/self/stat");
    auto at = text.rfind(')');
    for (int field = 2; field < 21 && at != std::string::npos; ++field) at = text.find(' ', at + 1);
    at = text.find(' ', at + 1);
    if (at == std::string::npos) return {};
    return std::to_string(::getpid()) + ":" + text.substr(at + 1, text.find(' ', at + 1) - at - 1);
}

Fd watch_signals()
{
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGCHLD, SIGTERM}) sigaddset(&signals, signal);
    ::sigprocmask(SIG_SETMASK, &signals, nullptr);
    for (const int signal : {SIGHUP, SIGINT, SIGPIPE}) ::signal(signal, SIG_IGN);
    return Fd(::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
}

/// The group's name is that of the shim's start, so that a sweep finds it after the shim was killed.
ControlGroup make_group(const Message& start)
{
    auto group = ControlGroup::make_own("ramet-" + std::string(start.get("group")));
    if (group.exists()) write_text("group", group.folder(), O_CREAT | O_TRUNC);
    return group;
}

Message refusal(std::string_view text)
{
    Message reply;
    reply.add("error", text);
    return reply;
}

Message agreement()
{
    Message reply;
    reply.add("ok", "");
    return reply;
}

}  // namespace

Shim::Shim(Opened opened)
    : opened_(std::move(opened)), group_(make_group(opened_.start)), log_("logs/current.log"),
      supervisor_(loop_, *this, log_, group_, "RAMET_REPLICA=" + std::string(opened_.start.get("group"))),
      commands_(loop_, group_, "RAMET_REPLICA=" + std::string(opened_.start.get("group")),
                [this] { leave_when_all_is_over(); }),
      signals_(watch_signals()), result_timer_(loop_, [this] { leave_with_result(); }), identity_(own_identity())
{
    loop_.add(signals_.get(), EPOLLIN, *this);
    if (opened_.listener) forwarder_ = std::make_unique<Forwarder>(loop_, supervisor_, std::move(opened_.listener));
    control_ = std::make_unique<Control>(loop_, std::move(opened_.control),
                                         Control::Calls{[this](const Message& request) { return answer(request); },
                                                        [this](Handed handed) { take(std::move(handed)); }});
    auto program = read_program(opened_.start);
    if (is_runnable(program)) supervisor_.deploy(std::move(program));
}

Shim::~Shim() = default;

void Shim::run()
{
    loop_.run();
    supervisor_.clear();
    // A group that is not let go yet is removed by whoever ended this shim, who finds it by this file.
    if (group_.remove()) ::unlink("group");
    // The last thing: without it nobody finds a shim here.
    ::unlink("control.sock");
}

Message Shim::answer(const Message& request)
{
    const auto name = request.get("request");
    const auto signal = static_cast<int>(request.number("signal", SIGTERM));
    const auto grace_ms = request.number("grace_ms", 10'000);
    if (name == "status") return describe();
    if (name == "deploy") {
        auto program = read_program(request);
        if (!is_runnable(program)) return refusal("a program needs a version and an argument");
        is_finished_ = false;
        supervisor_.deploy(std::move(program));
        return agreement();
    }
    if (name == "signal") {
        supervisor_.send(signal);
        return agreement();
    }
    if (name != "stop" && name != "exit") return refusal("no such request");
    exits_when_finished_ = exits_when_finished_ || name == "exit";
    commands_.end_all(grace_ms);
    supervisor_.stop(signal, grace_ms);
    return agreement();
}

void Shim::take(Handed handed)
{
    const auto* program = supervisor_.running_program();
    if (program == nullptr || program->mode != Mode::service) return refuse(handed, "nothing runs here");
    commands_.start(std::move(handed), {*program, supervisor_.running_port()});
}

Message Shim::describe() const
{
    auto reply = agreement();
    reply.add("pid", ::getpid());
    reply.add("identity", identity_);
    reply.add("nonce", opened_.start.get("nonce"));
    reply.add("port", opened_.start.get("port"));
    // Before the supervisor's own words, as the first one counts: a command may outlast the service by a moment.
    if (supervisor_.running_program() == nullptr && !commands_.empty()) reply.add("state", "stopping");
    if (!result_problem_.empty()) reply.add("failure", result_problem_);
    supervisor_.describe(reply);
    return reply;
}

void Shim::on_ready(std::uint32_t)
{
    signalfd_siginfo info{};
    bool must_leave = false;
    while (::read(signals_.get(), &info, sizeof info) == sizeof info)
        must_leave = must_leave || info.ssi_signo == SIGTERM;
    reap();
    if (!must_leave) return;
    exits_when_finished_ = true;
    commands_.end_all(10'000);
    supervisor_.stop(SIGTERM, 10'000);
}

void Shim::reap()
{
    int status = 0;
    // Also those that a program has left behind: they became our children (PR_SET_CHILD_SUBREAPER).
    for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;)
        if (!commands_.on_child_ended(pid, status)) supervisor_.on_child_ended(pid, status);
}

void Shim::on_backends_changed()
{
    if (forwarder_) forwarder_->on_backends_changed();
}

void Shim::on_replica_removed(Replica& replica)
{
    if (forwarder_) forwarder_->on_replica_removed(replica);
}

void Shim::on_finished()
{
    if (supervisor_.task_ending() != nullptr) return leave_with_result();
    is_finished_ = true;
    leave_when_all_is_over();
}

void Shim::leave_when_all_is_over()
{
    if (exits_when_finished_ && is_finished_ && commands_.empty()) loop_.stop();
}

/// On a full disk it waits for room: a task that leaves no result looks like one that was ended from outside.
void Shim::leave_with_result()
{
    if (write_result() || exits_when_finished_) return loop_.stop();
    result_problem_ = error_text("its result cannot be written", errno);
    result_timer_.set(result_retry_ms);
}

bool Shim::write_result()
{
    Message result;
    result.add("exit_code", supervisor_.task_ending()->exit_code);
    result.add("ending", supervisor_.task_ending()->text);
    result.add("problem", supervisor_.task_problem());
    result.add("timed_out", supervisor_.has_timed_out() ? 1 : 0);
    result.add("stopped", supervisor_.was_stopped() ? 1 : 0);
    result.add("nonce", opened_.start.get("nonce"));
    result.add("version", opened_.start.get("version"));
    // Whole or not at all: it is what tells a finished task from one that vanished.
    return write_text("result.new", result.encode(), O_CREAT | O_TRUNC) && ::rename("result.new", "result") == 0;
}

}  // namespace ramet::shim
