#include "simulation/controller.hpp"

#include "app/settle_decision.hpp"

#include <fmt/core.h>

#include <charconv>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr Milliseconds again_after{5'000};
constexpr Milliseconds between_looks{100};

std::string pull_key(std::int64_t number)
{
    return fmt::format("pull/{}", number);
}

std::int64_t number_in(const std::string& key)
{
    std::int64_t number = 0;
    std::from_chars(key.data() + key.find('/') + 1, key.data() + key.size(), number);
    return number;
}

}  // namespace

Controller::Controller(HostedWorld& world, Process& process) : world_(world), process_(process)
{
    look_at_everything();
}

void Controller::receive(const Webhook& webhook)
{
    bool is_new = false;
    const auto stored = process_.commit_beside([&]() -> Result<void> {
        is_new = world_.rows.insert_delivery(webhook.delivery);
        return {};
    });
    if (!stored || !is_new) return;
    say(fmt::format("    p{} hears of #{}", process_.number(), webhook.then.number));
    const auto now = world_.queue.monotonic();
    if (keys_.add_spaced(pull_key(webhook.then.number), between_looks, now)) wake_at(now);
}

void Controller::follow(const Change& change)
{
    if (change.step || !(is_final(change.state) || change.state == RunState::kept)) return;
    add("environment/" + change.owner.str());
}

void Controller::end_by_hand(std::int64_t number)
{
    const auto preview = world_.rows.find_by_pull_request(number);
    if (!preview) return;
    say(fmt::format("somebody ends the preview of #{}", number));
    world_.checker.on_ended_by_hand(world_.queue.monotonic(), number);
    const auto id = preview->row.id;
    in_turn(
        "environment/" + id.str(), [this, id](const Done& done) { destroy(id, Again::for_newer_commit, done); },
        [](const Result<void>&) {});
}

void Controller::redeploy_by_hand(std::int64_t number, Milliseconds time_limit)
{
    const auto preview = world_.rows.find_by_pull_request(number);
    if (!preview) return;
    say(fmt::format("somebody has the preview of #{} deployed again", number));
    const DeployOptions options{.when = When::always, .is_by_hand = true, .time_limit = time_limit};
    const auto id = preview->row.id;
    in_turn(
        "environment/" + id.str(), [this, id, options](const Done& done) { deploy(id, options, done); },
        [](const Result<void>&) {});
}

void Controller::add(const std::string& key, Milliseconds delay)
{
    const auto due = world_.queue.monotonic() + delay;
    if (keys_.add(key, due)) wake_at(due);
}

void Controller::wake_at(Milliseconds when)
{
    if (wakes_at_ && *wakes_at_ <= when) return;
    wakes_at_ = when;
    process_.schedule(when, [this, when] {
        if (wakes_at_ != when) return;
        wakes_at_.reset();
        take_turns();
    });
}

void Controller::take_turns()
{
    for (;;) {
        if (!process_.is_alive()) return;
        const auto next = keys_.take(world_.queue.monotonic());
        if (!next.key) {
            if (next.at) wake_at(*next.at);
            return;
        }
        work_on(*next.key);
    }
}

void Controller::work_on(const std::string& key)
{
    run(key, [this, key](const Result<void>& result) {
        if (!result) say(fmt::format("    p{} {}: {}", process_.number(), key, result.error().message));
        if (!result && is_transient(result.error().kind)) add(key, again_after);
        end(key);
    });
}

void Controller::run(const std::string& key, const Done& done)
{
    if (key == "everything") return reconcile_everything(done);
    if (key.starts_with("pull/")) return reconcile_pull_request(number_in(key), done);
    settle(EnvironmentId(key.substr(key.find('/') + 1)), done);
}

void Controller::end(const std::string& key)
{
    keys_.end(key);
    const auto found = waiting_turns_.find(key);
    if (found != waiting_turns_.end()) {
        auto first = std::move(found->second.front());
        found->second.pop_front();
        if (found->second.empty()) waiting_turns_.erase(found);
        first();
    }
    wake_at(world_.queue.monotonic());
}

void Controller::in_turn(const std::string& key, const Body& body, const Done& done)
{
    auto turn = [this, key, body, done] {
        (void)keys_.begin(key);
        body([this, key, done](const Result<void>& result) {
            end(key);
            done(result);
        });
    };
    if (keys_.begin(key)) return turn();
    waiting_turns_[key].emplace_back(std::move(turn));
}

void Controller::reconcile_everything(const Done& done)
{
    for (const auto& row : world_.rows.list())
        if (app::is_unsettled(row.state)) add("environment/" + row.id.str());
    const auto needs = [this](const PullRequest& pull) { return needs_look(pull); };
    ask<Result<std::vector<PullRequest>>>([this] { return world_.host.answer_open(); },
                                          [this, done, needs](const Result<std::vector<PullRequest>>& open) {
                                              if (open)
                                                  for (const auto number :
                                                       app::pull_requests_to_look_at(*open, world_.rows.list(), needs))
                                                      add(pull_key(number));
                                              if (world_.looks_by_itself) add("everything", world_.reconcile_every);
                                              done({});
                                          });
}

void Controller::reconcile_pull_request(std::int64_t number, const Done& done)
{
    ask<Result<PullRequest>>([this, number] { return world_.host.answer(number); },
                             [this, number, done](const Result<PullRequest>& answer) {
                                 world_.checker.on_answer(process_.number(), number, answer);
                                 const auto preview = world_.rows.find_by_pull_request(number);
                                 if (!preview) return reconcile_without_preview(number, answer, done);
                                 const auto id = preview->row.id;
                                 in_turn(
                                     "environment/" + id.str(),
                                     [this, id, answer](const Done& then) { reconcile_with_preview(id, answer, then); },
                                     done);
                             });
}

}  // namespace ramet::simulation
