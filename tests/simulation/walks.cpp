#include "simulation/walks.hpp"

#include "simulation/small_run.hpp"
#include "simulation/walk_case.hpp"

#include <fmt/core.h>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr std::uint64_t same_seed = 1;

void try_case(WalkResult& walk, std::uint64_t seed, const std::string& name,
              const std::function<void(SmallWorld&)>& body, std::size_t servers = 1)
{
    TransitionCounts ignored;
    try_in_world(walk, name, [&](bool keeps_trace) { return SmallWorld(seed, keeps_trace, ignored, servers); }, body);
}

void die_at(WalkResult& walk, const Operation& operation, const std::deque<std::uint64_t>& kills)
{
    auto name = fmt::format("{}, killed at place {}", operation.name, kills.front());
    if (kills.size() > 1) name += fmt::format(" and at place {} after that", kills.back());
    try_case(walk, same_seed, name, [&](SmallWorld& world) {
        operation.prepare(world);
        world.stage.places.kill_at(kills);
        carry_out(operation, world);
        world.end_well();
    });
}

/// How many places the operation passes after `kills`; nothing when it does not come to all of them.
std::uint64_t count_places(const Operation& operation, const std::deque<std::uint64_t>& kills, std::size_t servers = 1)
{
    TransitionCounts ignored;
    SmallWorld world(same_seed, false, ignored, servers);
    operation.prepare(world);
    world.stage.places.kill_at(kills);
    carry_out(operation, world);
    return world.stage.places.kills_left() > 0 ? 0 : world.stage.places.passed();
}

/// Something happens to one of two servers at every place.
void disturb_two(WalkResult& walk, Doom doom)
{
    constexpr std::size_t servers = 2;
    for (const auto& operation : operations()) {
        const auto places = count_places(operation, {}, servers);
        const auto body = [&](std::uint64_t place, SmallWorld& world) {
            operation.prepare(world);
            world.stage.places.doom = doom;
            world.stage.places.kill_at({place});
            carry_out(operation, world);
            world.end_well();
        };
        for (std::uint64_t place = 1; place <= places; ++place)
            try_case(
                walk, same_seed, fmt::format("{}, place {}", operation.name, place),
                [&](SmallWorld& world) { body(place, world); }, servers);
    }
}

void lose(WalkResult& walk, const Operation& operation, std::int64_t call, bool loses_answer)
{
    const auto name = fmt::format("{}, the {} of changing call {} is lost", operation.name,
                                  loses_answer ? "answer" : "request", call);
    try_case(walk, same_seed, name, [&](SmallWorld& world) {
        operation.prepare(world);
        world.stage.provider.count_calls_anew();
        (loses_answer ? world.stage.provider.drops_answer : world.stage.provider.drops_request) = call;
        carry_out(operation, world);
        world.end_well();
    });
}

std::int64_t count_calls(const Operation& operation)
{
    TransitionCounts ignored;
    SmallWorld world(same_seed, false, ignored);
    operation.prepare(world);
    world.stage.provider.count_calls_anew();
    carry_out(operation, world);
    return world.stage.provider.changing_calls();
}

constexpr Fault mild_faults[] = {Fault::lost_request, Fault::lost_answer, Fault::late_request, Fault::duplicate,
                                 Fault::server_error, Fault::stale_read,  Fault::slow_ready,   Fault::slow_removal};

void close_during_create(SmallWorld& world)
{
    auto& stage = world.stage;
    choose_mild_weather(stage, mild_faults);
    stage.submit(world.apply(1));
    stage.pass_time(random_moment(stage.random));
    stage.finish(world.destroy());
    if (stage.is_well() && !stage.provider.truth().empty())
        stage.checker.violate("something is left: " + stage.provider.truth().front().name);
}

void push_often(SmallWorld& world)
{
    constexpr int pushes = 20;
    constexpr Milliseconds span{10'000};
    auto& stage = world.stage;
    stage.provider.ready_after["thing/3"] = Milliseconds{stage.random.between(10'000, 30'000)};
    std::vector<EngineRunId> runs;
    for (int version = 1; version <= pushes; ++version) {
        auto request = world.apply(version);
        runs.push_back(request.id);
        stage.submit(std::move(request));
        stage.pass_time(Milliseconds{stage.random.between(0, 2 * span.count() / pushes)});
    }
    stage.run_until_quiet();
    const auto applied = std::ranges::count_if(runs, [&](const auto& run) {
        const auto* status = stage.checker.find_status(run);
        return status != nullptr && status->state == RunState::succeeded;
    });
    const auto* newest = stage.checker.find_status(runs.back());
    if (applied > 2) stage.checker.violate(fmt::format("{} of {} pushes were applied", applied, pushes));
    if (newest == nullptr || newest->state != RunState::succeeded) stage.checker.violate("the last push did not win");
}

void mend(SmallWorld& world)
{
    // Two seconds, and the longest that a call under way takes here, which nothing interrupts.
    constexpr Milliseconds soon{2'000 + 5'000};
    auto& stage = world.stage;
    stage.provider.ready_after["thing/0"] = Milliseconds{100'000'000};
    stage.submit(world.apply(1));
    stage.pass_time(random_moment(stage.random));
    stage.provider.ready_after.clear();
    auto request = world.apply(2);
    const auto run = request.id;
    const auto asked_at = stage.queue.monotonic();
    stage.submit(std::move(request));
    const auto has_begun = [&] {
        const auto* status = stage.checker.find_status(run);
        return status != nullptr && status->state != RunState::queued;
    };
    while (!has_begun() && stage.step()) {}
    if (const auto waited = stage.queue.monotonic() - asked_at; waited > soon)
        stage.checker.violate(fmt::format("the push that mends it waited {} ms", waited.count()));
    stage.run_until_quiet();
}

}  // namespace

WalkResult walk_places()
{
    WalkResult walk{.what = "crashes, at every place", .wanted = 200};
    for (const auto& operation : operations()) {
        const auto places = count_places(operation, {});
        for (std::uint64_t place = 1; place <= places; ++place) die_at(walk, operation, {place});
    }
    return walk;
}

WalkResult walk_places_of_two()
{
    WalkResult walk{.what = "crashes of one of two servers, at every place", .wanted = 400};
    disturb_two(walk, Doom::dies);
    return walk;
}

WalkResult walk_pauses()
{
    WalkResult walk{.what = "stops of one of two servers for twice its lease, at every place", .wanted = 400};
    disturb_two(walk, Doom::stands_still);
    return walk;
}

WalkResult walk_pairs()
{
    WalkResult walk{.what = "crashes, at every pair of places", .wanted = 2'000};
    for (const auto& operation : operations()) {
        const auto places = count_places(operation, {});
        for (std::uint64_t first = 1; first <= places && walk.violation.empty(); ++first) {
            const auto after = count_places(operation, {first});
            for (std::uint64_t second = 1; second <= after; ++second) die_at(walk, operation, {first, second});
        }
    }
    return walk;
}

WalkResult walk_lost_messages()
{
    WalkResult walk{.what = "lost requests and answers of changing calls", .wanted = 50};
    for (const auto& operation : operations())
        for (std::int64_t call = 1; call <= count_calls(operation); ++call)
            for (const bool loses_answer : {false, true}) lose(walk, operation, call, loses_answer);
    return walk;
}

WalkResult walk_closes(std::uint64_t closes)
{
    WalkResult walk{.what = "closings during create", .wanted = closes};
    for (std::uint64_t seed = 1; seed <= closes; ++seed)
        try_case(walk, seed, fmt::format("close during create, seed {}", seed), close_during_create);
    return walk;
}

WalkResult walk_pushes(std::uint64_t times)
{
    WalkResult walk{.what = "quick pushes, and pushes that mend", .wanted = 2 * times};
    for (std::uint64_t seed = 1; seed <= times; ++seed) {
        try_case(walk, seed, fmt::format("twenty pushes, seed {}", seed), push_often);
        try_case(walk, seed, fmt::format("a push that mends, seed {}", seed), mend);
    }
    return walk;
}

}  // namespace ramet::simulation
