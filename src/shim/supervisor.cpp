#include "shim/supervisor.hpp"

#include <algorithm>
#include <csignal>

namespace ramet::shim {
namespace {

/// A version whose replica ended this often in a row before it was ever healthy is given up before its time is over.
constexpr int quick_ends_until_given_up = 5;
/// A version that was replaced before it ever served has nobody to be kind to.
constexpr std::int64_t short_grace_ms = 300;

bool all_healthy(const std::vector<std::unique_ptr<Replica>>& replicas)
{
    return std::ranges::all_of(replicas, [](const auto& replica) { return replica->is_healthy(); });
}

bool all_stopped(const std::vector<std::unique_ptr<Replica>>& replicas)
{
    return std::ranges::all_of(replicas, [](const auto& replica) { return replica->state() == State::stopped; });
}

bool has_connections(const std::vector<std::unique_ptr<Replica>>& replicas)
{
    return std::ranges::any_of(replicas, [](const auto& replica) { return replica->connections > 0; });
}

bool has_given_up(const Replica& replica)
{
    return replica.state() == State::failed || replica.is_overdue() ||
           replica.quick_ends() >= quick_ends_until_given_up;
}

/// The state that people should see when replicas differ: the worst.
State worst(const std::vector<std::unique_ptr<Replica>>& replicas)
{
    auto state = State::healthy;
    for (const auto& replica : replicas) state = std::max(state, replica->state());
    const bool starting =
        std::ranges::any_of(replicas, [](const auto& replica) { return replica->state() == State::starting; });
    return state == State::healthy && starting ? State::starting : state;
}

}  // namespace

Supervisor::Supervisor(Loop& loop, SupervisorEvents& events, LogFile& log, const ControlGroup& group, std::string tag)
    : loop_(loop), events_(events), log_(log), group_(group), tag_(std::move(tag)),
      review_timer_(loop, [this] { review(); }), drain_timer_(loop, [this] { expire(); }), limit_timer_(loop, [this] {
          has_timed_out_ = true;
          if (serving_) retire(std::move(serving_), SIGKILL, 0);
      })
{
}

Supervisor::~Supervisor() = default;

std::unique_ptr<Supervisor::Version> Supervisor::make_version(Program program)
{
    auto version = std::make_unique<Version>();
    version->program = std::move(program);
    for (int index = 0; index < version->program.replicas; ++index) {
        const auto name = "r" + std::to_string(made_++);
        Replica::Place place{index, tag_ + "/" + name, name, group_, version->program.mode != Mode::task};
        version->replicas.push_back(std::make_unique<Replica>(loop_, *this, version->program, log_, std::move(place)));
    }
    return version;
}

void Supervisor::deploy(Program program)
{
    program_nonce_ = program.nonce;
    if (incoming_ && incoming_->program.version == program.version) return;
    if (waiting_ && waiting_->version == program.version) return;
    if (incoming_) retire(std::move(incoming_), SIGTERM, short_grace_ms);
    waiting_.reset();
    failed_version_.clear();
    failure_.clear();
    evidence_.clear();
    if (serving_ && serving_->program.version == program.version) return;
    is_stopping_ = false;
    const bool must_end_first = program.strategy == Strategy::recreate || program.mode == Mode::supervise;
    if (!must_end_first) return start_incoming(std::move(program));
    if (serving_) {
        put_back_ = std::make_unique<Program>(serving_->program);
        const int signal = serving_->program.stop_signal;
        const auto grace = serving_->program.grace_ms;
        retire(std::move(serving_), signal, grace);
    }
    waiting_ = std::make_unique<Program>(std::move(program));
    review_timer_.set(0);
}

void Supervisor::start_incoming(Program program)
{
    auto version = make_version(std::move(program));
    auto* started = version.get();
    if (started->program.mode == Mode::task) {
        serving_ = std::move(version);
        if (started->program.time_limit_ms > 0) limit_timer_.set(started->program.time_limit_ms);
    } else {
        incoming_ = std::move(version);
    }
    for (auto& replica : started->replicas) replica->start();
}

void Supervisor::on_changed(Replica&)
{
    // Judged afterwards, when no replica is in the middle of its own change.
    review_timer_.set(0);
}

void Supervisor::review()
{
    review_incoming();
    review_serving();
    review_task();
    review_retired();
    start_waiting();
    events_.on_backends_changed();
    if (is_stopping_ && !serving_ && !incoming_ && !waiting_ && retired_.empty()) events_.on_finished();
}

void Supervisor::review_incoming()
{
    if (!incoming_) return;
    if (all_healthy(incoming_->replicas)) return promote();
    const auto culprit =
        std::ranges::find_if(incoming_->replicas, [](const auto& replica) { return has_given_up(*replica); });
    if (culprit != incoming_->replicas.end()) fail_incoming(**culprit);
}

void Supervisor::review_serving()
{
    if (!serving_ || serving_->program.mode == Mode::task) return;
    for (auto& replica : serving_->replicas)
        if (replica->is_overdue() && replica->pid() != 0) replica->send(SIGKILL);
}

void Supervisor::promote()
{
    auto old = std::move(serving_);
    serving_ = std::move(incoming_);
    put_back_.reset();
    if (!old) return;
    for (auto& replica : old->replicas) replica->retired = true;
    old->is_draining = true;
    drain_timer_.set(serving_->program.drain_ms);
    retired_.push_back(std::move(old));
}

void Supervisor::fail_incoming(const Replica& culprit)
{
    note_failure(*incoming_, culprit);
    retire(std::move(incoming_), SIGTERM, short_grace_ms);
    if (!put_back_) return;
    waiting_ = std::move(put_back_);
}

void Supervisor::note_failure(const Version& version, const Replica& culprit)
{
    failed_version_ = version.program.version;
    if (culprit.is_overdue())
        failure_ = "it was not healthy within " + std::to_string(version.program.health_timeout_ms) + " ms";
    else
        failure_ = culprit.restarts() > 0 ? "it ended " + std::to_string(culprit.restarts() + 1) + " times"
                                          : "it did not start";
    if (!culprit.problem().empty()) failure_ += ": " + culprit.problem();
    evidence_ = last_lines(culprit.tail(), 20);
}

void Supervisor::retire(std::unique_ptr<Version> version, int signal, std::int64_t grace_ms)
{
    version->is_draining = false;
    auto& replicas = version->replicas;
    retired_.push_back(std::move(version));
    for (auto& replica : replicas) {
        replica->retired = true;
        replica->stop(signal, grace_ms);
    }
    review_timer_.set(0);
}

void Supervisor::review_retired()
{
    for (auto& version : retired_) {
        if (!version->is_draining || has_connections(version->replicas)) continue;
        version->is_draining = false;
        for (auto& replica : version->replicas) replica->stop(version->program.stop_signal, version->program.grace_ms);
    }
    for (auto at = retired_.begin(); at != retired_.end();) {
        if ((*at)->is_draining || !all_stopped((*at)->replicas)) {
            ++at;
            continue;
        }
        for (auto& replica : (*at)->replicas) events_.on_replica_removed(*replica);
        loop_.dispose(std::move(*at));
        at = retired_.erase(at);
    }
}

void Supervisor::expire()
{
    for (auto& version : retired_) {
        if (!version->is_draining) continue;
        version->is_draining = false;
        for (auto& replica : version->replicas) replica->stop(version->program.stop_signal, version->program.grace_ms);
    }
}

void Supervisor::start_waiting()
{
    if (!waiting_ || incoming_ || serving_ || !retired_.empty()) return;
    auto program = std::move(*waiting_);
    waiting_.reset();
    start_incoming(std::move(program));
}

void Supervisor::review_task()
{
    if (task_ending() == nullptr) return;
    limit_timer_.cancel();
    events_.on_finished();
}

const Replica* Supervisor::task_replica() const
{
    const auto* version = serving_ ? serving_.get() : retired_.empty() ? nullptr : retired_.back().get();
    if (version == nullptr || version->program.mode != Mode::task) return nullptr;
    return version->replicas.front().get();
}

const Ending* Supervisor::task_ending() const
{
    const auto* replica = task_replica();
    const bool is_over =
        replica != nullptr && (replica->state() == State::failed || replica->state() == State::stopped);
    return is_over && replica->ending() ? &*replica->ending() : nullptr;
}

std::string Supervisor::task_problem() const
{
    const auto* replica = task_replica();
    return replica == nullptr || !replica->cannot_execute() ? "" : replica->problem();
}

void Supervisor::stop(int signal, std::int64_t grace_ms)
{
    is_stopping_ = true;
    program_nonce_.clear();
    waiting_.reset();
    put_back_.reset();
    for (auto& version : retired_) {
        version->is_draining = false;
        for (auto& replica : version->replicas) replica->stop(signal, grace_ms);
    }
    if (incoming_) retire(std::move(incoming_), signal, grace_ms);
    if (serving_) retire(std::move(serving_), signal, grace_ms);
    review_timer_.set(0);
}

void Supervisor::clear()
{
    serving_.reset();
    incoming_.reset();
    retired_.clear();
}

void Supervisor::send(int signal)
{
    if (!serving_) return;
    for (auto& replica : serving_->replicas) replica->send(signal);
}

bool Supervisor::on_child_ended(pid_t pid, int status)
{
    const auto take = [&](std::unique_ptr<Version>& version) {
        return version && std::ranges::any_of(version->replicas,
                                              [&](auto& replica) { return replica->on_child_ended(pid, status); });
    };
    return take(serving_) || take(incoming_) || std::ranges::any_of(retired_, take);
}

Replica* Supervisor::pick()
{
    if (!serving_) return nullptr;
    const auto count = serving_->replicas.size();
    // One that fails its checks is still better than nobody.
    for (const auto wanted : {State::healthy, State::unhealthy}) {
        for (std::size_t step = 0; step < count; ++step) {
            auto& replica = *serving_->replicas[(turn_ + step) % count];
            if (replica.state() != wanted) continue;
            turn_ = static_cast<unsigned>((turn_ + step + 1) % count);
            return &replica;
        }
    }
    return nullptr;
}

bool Supervisor::may_come() const
{
    if (is_stopping_) return false;
    if (incoming_ || waiting_) return true;
    return serving_ && worst(serving_->replicas) != State::crash_loop;
}

std::string_view Supervisor::overall_state() const
{
    if (is_stopping_) return retired_.empty() ? "idle" : "stopping";
    if (serving_) return to_string(worst(serving_->replicas));
    if (incoming_ || waiting_) return "starting";
    return failed_version_.empty() ? "idle" : "failed";
}

const Supervisor::Version* Supervisor::running() const
{
    if (is_stopping_) return nullptr;
    return serving_ ? serving_.get() : incoming_.get();
}

const Program* Supervisor::running_program() const
{
    const auto* version = running();
    return version == nullptr ? nullptr : &version->program;
}

int Supervisor::running_port() const
{
    const auto* version = running();
    return version == nullptr || version->replicas.empty() ? 0 : version->replicas.front()->port();
}

void Supervisor::describe(Message& reply) const
{
    reply.add("state", overall_state());
    reply.add("version", serving_ ? serving_->program.version : "");
    reply.add("program_nonce", program_nonce_);
    reply.add("incoming", incoming_ ? incoming_->program.version : waiting_ ? waiting_->version : "");
    reply.add("failed_version", failed_version_);
    reply.add("failure", failure_);
    reply.add("evidence", evidence_);
    const auto add_all = [&](const std::unique_ptr<Version>& version) {
        if (!version) return;
        for (const auto& replica : version->replicas)
            reply.add("replica", std::to_string(replica->index()) + " " + std::to_string(replica->pid()) + " " +
                                     std::to_string(replica->port()) + " " + std::string(to_string(replica->state())) +
                                     " " + std::to_string(replica->restarts()) + " " + version->program.version);
    };
    add_all(serving_);
    add_all(incoming_);
    for (const auto& version : retired_) add_all(version);
}

}  // namespace ramet::shim
