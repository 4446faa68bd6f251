#include "shim/commands.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace ramet::shim {
namespace {

/// From SIGTERM to SIGKILL, at most: whoever asked for the command is gone already, or the environment is about to be.
constexpr std::int64_t longest_grace_ms = 2'000;

void say(const Fd& connection, const Message& message)
{
    // So short that it always fits; a peer that is gone is noticed by its hang-up.
    const auto text = message.encode();
    [[maybe_unused]] const auto sent = ::send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

void refuse(const Handed& handed, std::string_view reason)
{
    Message reply;
    reply.add("error", reason);
    say(handed.connection, reply);
}

/// One command, from its start until no process of it is left.
class Commands::Command final : public Watcher {
public:
    Command(Commands& owner, Fd connection, const std::string& name)
        : owner_(owner), connection_(std::move(connection)), tag_(owner.tag_ + "/" + name),
          group_(owner.groups_.make_child(name)), kill_timer_(owner.loop_, [this] { end_descendants(); })
    {
        owner_.loop_.add(connection_.get(), EPOLLIN | EPOLLRDHUP, *this);
    }
    ~Command() override
    {
        owner_.loop_.remove(connection_.get());
        group_.remove();
    }

    /// False when not even a process could be made; then it has been told.
    bool start(const Handed& handed, const Beside& beside);
    bool on_child_ended(pid_t pid, int status);
    void end(std::int64_t grace_ms);

    /// Something on the connection: nobody has anything more to say there, so it is the hang-up.
    void on_ready(std::uint32_t) override
    {
        char buffer[256];
        const auto count = ::read(connection_.get(), buffer, sizeof buffer);
        if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))) return;
        owner_.loop_.remove(connection_.get());
        end(longest_grace_ms);
    }

private:
    void read_problem();
    void end_descendants();
    void tell_ending();

    Commands& owner_;
    Fd connection_;
    std::string tag_;
    ControlGroup group_;
    pid_t pid_ = 0;
    std::unique_ptr<Readable> problem_;
    bool was_executed_ = false;
    bool was_ended_ = false;
    Ending ending_{};
    Timer kill_timer_;
};

bool Commands::Command::start(const Handed& handed, const Beside& beside)
{
    const auto arguments = handed.request.all("argument");
    const std::vector<std::string> additional = {"HOST=127.0.0.1", "PORT=" + std::to_string(beside.port), tag_};
    const auto& given = handed.descriptors;
    auto process = start_process(
        {beside.program, arguments, additional, group_, {given[0].get(), given[1].get(), given[2].get()}});
    if (process.pid == 0) {
        Message reply;
        reply.add("error", error_text("starting a process", errno));
        say(connection_, reply);
        return false;
    }
    pid_ = process.pid;
    problem_ = std::make_unique<Readable>(owner_.loop_, std::move(process.problem), [this] { read_problem(); });
    return true;
}

void Commands::Command::read_problem()
{
    if (!problem_) return;  // The same round of events has closed it.
    char buffer[512];
    const auto count = ::read(problem_->fd(), buffer, sizeof buffer);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    owner_.loop_.dispose(std::move(problem_));
    was_executed_ = count == 0;
    Message reply;
    if (was_executed_)
        reply.add("ok", "");
    else
        reply.add("error", std::string_view(buffer, count > 0 ? static_cast<std::size_t>(count) : 0));
    say(connection_, reply);
}

bool Commands::Command::on_child_ended(pid_t pid, int status)
{
    if (pid_ == 0 || pid != pid_) return false;
    // What stands in the pipe is all that it will ever say.
    if (problem_) read_problem();
    ending_ = ending_of(status);
    pid_ = 0;
    end_descendants();
    return true;
}

void Commands::Command::end(std::int64_t grace_ms)
{
    if (pid_ == 0) return;  // It is ending already.
    if (!was_ended_) send_signal(pid_, SIGTERM, Reach::whole_group);
    was_ended_ = true;
    kill_timer_.set(std::min(grace_ms, longest_grace_ms));
}

void Commands::Command::end_descendants()
{
    kill_timer_.cancel();
    send_signal(pid_, SIGKILL, Reach::whole_group);
    group_.kill();
    const bool tagged_left = !group_.exists() && kill_tagged(tag_);
    if (pid_ != 0 || tagged_left || !group_.is_empty()) return kill_timer_.set(2);
    tell_ending();
    owner_.forget(*this);
}

void Commands::Command::tell_ending()
{
    if (!was_executed_) return;
    Message reply;
    reply.add("ok", "");
    reply.add("exit_code", ending_.exit_code);
    reply.add("ending", ending_.text);
    reply.add("stopped", was_ended_ ? 1 : 0);
    say(connection_, reply);
}

Commands::Commands(Loop& loop, const ControlGroup& groups, std::string tag, std::function<void()> on_all_gone)
    : loop_(loop), groups_(groups), tag_(std::move(tag)), on_all_gone_(std::move(on_all_gone))
{
}

Commands::~Commands() = default;

void Commands::start(Handed handed, const Beside& beside)
{
    if (handed.descriptors.size() != 3) return refuse(handed, "a command needs three descriptors");
    if (handed.request.get("argument").empty()) return refuse(handed, "a command needs an argument");
    // A group of its own each time, as for replicas.
    auto command = std::make_unique<Command>(*this, std::move(handed.connection), "exec." + std::to_string(made_++));
    if (command->start(handed, beside))
        commands_.push_back(std::move(command));
    else
        loop_.dispose(std::move(command));
}

bool Commands::on_child_ended(pid_t pid, int status)
{
    // The one that has ended may take itself out of the list.
    return std::ranges::any_of(commands_, [&](const auto& command) { return command->on_child_ended(pid, status); });
}

void Commands::end_all(std::int64_t grace_ms)
{
    for (const auto& command : commands_) command->end(grace_ms);
}

void Commands::forget(Command& command)
{
    const auto at = std::ranges::find(commands_, &command, &std::unique_ptr<Command>::get);
    if (at == commands_.end()) return;
    loop_.dispose(std::move(*at));
    commands_.erase(at);
    if (commands_.empty()) on_all_gone_();
}

}  // namespace ramet::shim
