#include "engine/names.hpp"
#include "simulation/small_run.hpp"
#include "simulation/walks.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr Milliseconds old_enough{16 * 60'000};
constexpr int most_orphans_unasked = 5;

/// One environment beside which somebody left things that look like ours, on purpose or by a copy gone wrong.
class Adversary {
public:
    explicit Adversary(SmallWorld& world) : world_(world), stage_(world.stage) {}

    /// How many things of others were in the way of a removal or a sweep.
    std::uint64_t play()
    {
        stage_.provider.tells_ages = true;
        if (random().once_in(6)) {
            lose_an_identity();
        } else {
            live();
            leave_things();
            if (random().once_in(2)) sweep_some_times();
        }
        stage_.submit(world_.destroy());
        stage_.run_until_quiet();
        return stage_.provider.count_met();
    }

private:
    SeededRandom& random() { return stage_.random; }

    /// Some have been replaced, so that their names are closed in the ledger.
    void live()
    {
        stage_.finish(world_.apply(1));
        if (random().once_in(3)) return;
        for (int shape = 2; shape <= 4; ++shape) {
            const auto before = stage_.provider.ours();
            removed_.insert(removed_.end(), before.begin(), before.end());
            stage_.finish(world_.apply(1, shape));
        }
        std::erase_if(removed_, [&](const auto& object) { return is_there(object.name); });
    }

    bool is_there(const std::string& name) const
    {
        const auto ours = stage_.provider.ours();
        return std::ranges::find(ours, name, &Provider::Object::name) != ours.end();
    }

    Provider::Object pick(const std::vector<Provider::Object>& from) { return from[random().below(from.size())]; }

    /// A thing that `object` was copied from, or that was copied from it: all of it but the name or the identity.
    void put_copy(Provider::Object object, std::string name)
    {
        const bool keeps_identity = object.name != name && random().once_in(4);
        if (!keeps_identity) object.identity = fmt::format("another-{}", ++strangers_);
        object.name = std::move(name);
        object.spec_hash = "theirs";
        object.gone_at.reset();
        object.made_at = stage_.queue.now();
        if (random().once_in(3)) object.made_at -= Milliseconds{random().between(1, 1'000'000'000)};
        stage_.provider.put_foreign(std::move(object));
    }

    void leave_things()
    {
        for (auto things = random().between(1, 4); things > 0; --things) leave_thing();
        if (!removed_.empty() && random().once_in(2)) bring_back();
    }

    void leave_thing()
    {
        const auto ours = stage_.provider.ours();
        if (ours.empty()) return;
        const auto object = pick(ours);
        const char* wild[] = {"*", "%", "thing-?*", "", ".", "../thing"};
        switch (random().below(5)) {
        case 0: return put_copy(object, object.name);
        case 1: return put_unmarked(object.name);
        case 2: return put_copy(object, object.name + "-copy");
        case 3: return put_copy(object, wild[random().below(std::size(wild))]);
        default: break;
        }
        if (removed_.empty()) return;
        const auto name = pick(removed_).name;
        if (random().once_in(2)) return put_copy(object, name);
        put_copy(pick(removed_), name);
    }

    void put_unmarked(const std::string& name)
    {
        Provider::Object object{.name = name, .path = "theirs", .mark = {"somebody", OwnerId("else"), "their nonce"}};
        put_copy(std::move(object), name);
    }

    /// Ours, and what a sweep is for.
    void bring_back()
    {
        for (auto object : removed_) {
            if (holds_stranger(object.name) || random().once_in(3)) continue;
            if (random().once_in(2)) object.made_at = stage_.queue.now() - Milliseconds{random().between(0, 1'200'000)};
            stage_.provider.bring_back(object);
            orphans_.push_back(object.name);
        }
    }

    bool holds_stranger(const std::string& name) const { return stage_.provider.is_foreign(name); }

    void sweep_some_times()
    {
        const bool is_old = !orphans_.empty() && random().once_in(2);
        if (is_old) stage_.pass_time(old_enough);
        const bool is_blind = random().once_in(4);
        if (is_blind) stage_.provider.weather.chance[static_cast<std::size_t>(Fault::failed_listing)] = 1;
        for (int sweep = 1; sweep <= 3 && stage_.is_well(); ++sweep) {
            check_sweep(sweep, is_blind);
            if (random().once_in(3)) stage_.pass_time(Milliseconds{random().between(0, 60'000)});
        }
        stage_.provider.weather.chance[static_cast<std::size_t>(Fault::failed_listing)] = 0;
    }

    void check_sweep(int number, bool is_blind)
    {
        const auto [young, old] = orphans_by_age();
        std::optional<Result<SweepReport>> answer;
        stage_.process().engine().sweep_async({}, [&](Result<SweepReport> report) { answer = std::move(report); });
        stage_.run_until_quiet();
        if (!answer) return stage_.checker.violate("a sweep did not answer");
        if (is_blind) {
            if (*answer) stage_.checker.violate("a sweep concluded something from a listing that failed");
            return;
        }
        const bool asks = static_cast<int>(old.size()) > most_orphans_unasked;
        const bool may_remove = number > 1 && !asks;
        if (!std::ranges::all_of(young, [&](const auto& name) { return is_there(name); }))
            stage_.checker.violate("a sweep removed what is young");
        for (const auto& name : old)
            if (is_there(name) == may_remove)
                stage_.checker.violate(fmt::format("sweep {} {} {}, of {} that may go", number,
                                                   may_remove ? "left" : "removed", name, old.size()));
        if (number > 1 && asks && !(*answer)->needs_confirmation) stage_.checker.violate("a sweep did not ask");
    }

    std::pair<std::set<std::string>, std::set<std::string>> orphans_by_age()
    {
        std::set<std::string> young;
        std::set<std::string> old;
        for (const auto& object : stage_.provider.ours())
            if (std::ranges::find(orphans_, object.name) != orphans_.end())
                (stage_.queue.now() - object.made_at < Milliseconds{15 * 60'000} ? young : old).insert(object.name);
        return {young, old};
    }

    /// The request to make something is lost with its server; then somebody's older thing stands under the name that it would
    /// have had, with the mark that it would have carried, or with none. The ledger knows no identity to compare.
    void lose_an_identity()
    {
        stage_.provider.drops_request = 1;
        stage_.submit(world_.apply(1));
        while (stage_.provider.changing_calls() == 0 && stage_.step()) {}
        stage_.process().die("before it could ask again");
        for (const auto& [name, row] : stage_.checker.rows()) {
            Provider::Object object{.name = name, .path = row.path, .mark = {"install", row.owner, row.nonce}};
            if (random().once_in(2)) object.mark = {"somebody", OwnerId("else"), "their nonce"};
            put_copy(std::move(object), name);
            stage_.provider.make_older(name, Milliseconds{random().between(3'600'000, 1'000'000'000)});
        }
        stage_.start_process();
        stage_.pass_time(Milliseconds{random().between(0, 100)});
    }

    SmallWorld& world_;
    Stage& stage_;
    std::vector<Provider::Object> removed_;
    std::vector<std::string> orphans_;
    std::uint64_t strangers_ = 0;
};

}  // namespace

WalkResult walk_foreign(std::uint64_t met)
{
    WalkResult walk{.what = "things of others that a removal or a sweep met", .wanted = met};
    TransitionCounts ignored;
    for (std::uint64_t seed = 1; walk.cases < met && walk.violation.empty(); ++seed) {
        SmallWorld world(seed, false, ignored);
        walk.cases += Adversary(world).play();
        if (world.stage.is_well()) continue;
        walk.violation = fmt::format("seed {}: {}", seed, world.stage.checker.violations().front());
        SmallWorld again(seed, true, ignored);
        Adversary(again).play();
        for (const auto& line : again.stage.trace.lines()) walk.story += line + "\n";
    }
    return walk;
}

}  // namespace ramet::simulation
