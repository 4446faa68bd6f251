#include "simulation/small_run.hpp"

#include <fmt/core.h>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr const char* paths[] = {"thing/0", "thing/1", "thing/2", "thing/3"};

std::vector<std::string> needs_of(std::size_t node)
{
    switch (node) {
    case 0: return {};
    case 3: return {paths[1], paths[2]};
    default: return {paths[0]};
    }
}

Node make_node(std::size_t number, int version, int shape)
{
    Node node{paths[number], "thing", {}, needs_of(number), {"address"}};
    json::object spec{{"version", version}, {"shape", shape}};
    for (const auto& need : node.needs) spec[need] = json::object{{"$out", json::array{need, "address"}}};
    node.spec = std::move(spec);
    return node;
}

void nothing(SmallWorld&) {}

void have_one(SmallWorld& world)
{
    world.stage.finish(world.apply(1));
}

/// All of it is there again although the ledger has closed it.
void have_orphans(SmallWorld& world)
{
    constexpr Milliseconds old_enough{16 * 60'000};
    auto& stage = world.stage;
    stage.provider.tells_ages = true;
    have_one(world);
    const auto things = stage.provider.ours();
    stage.finish(world.destroy());
    for (const auto& thing : things) stage.provider.bring_back(thing);
    stage.pass_time(old_enough);
}

/// Whoever died has to be asked again, and an orphan has to be seen twice.
void sweep_all(SmallWorld& world)
{
    constexpr int most_sweeps = 20;
    auto& stage = world.stage;
    for (int times = 0; times < most_sweeps && stage.is_well() && !stage.provider.truth().empty(); ++times) {
        stage.ensure_process();
        stage.process().engine().sweep_async({.confirmed = true}, [](const Result<SweepReport>&) {});
        stage.run_until_quiet();
    }
    if (!stage.provider.truth().empty())
        stage.checker.violate("the sweeps left " + stage.provider.truth().front().name);
}

/// What comes last never becomes ready.
std::vector<RunRequest> push_broken(SmallWorld& world)
{
    auto request = world.apply(2);
    request.graph.nodes.back().spec.as_object()["broken"] = true;
    return {request};
}

std::vector<RunRequest> push(SmallWorld& world, int version, int shape = 1)
{
    return {world.apply(version, shape)};
}

}  // namespace

RunRequest SmallWorld::request(RunKind kind)
{
    RunRequest request;
    request.owner = owner;
    request.kind = kind;
    request.id = EngineRunId(fmt::format("run-{}", ++runs_));
    request.note = json::object{{"name", "small"}};
    return request;
}

RunRequest SmallWorld::apply(int version, int shape)
{
    auto wanted = request(RunKind::apply);
    for (std::size_t node = 0; node < std::size(paths); ++node)
        wanted.graph.nodes.push_back(make_node(node, version, shape));
    return wanted;
}

RunRequest SmallWorld::destroy()
{
    return request(RunKind::destroy);
}

void SmallWorld::end_well()
{
    stage.places.kill_at({});
    stage.provider.drops_request.reset();
    stage.provider.drops_answer.reset();
    stage.provider.heal();
    stage.finish(apply(9));
    stage.finish(destroy());
    if (!stage.is_well()) return;
    if (!stage.provider.truth().empty())
        stage.checker.violate("something is left: " + stage.provider.truth().front().name);
    const auto receipt = stage.disk.find_receipt(owner).value();
    if (!receipt) return stage.checker.violate("there is no receipt");
    std::set<std::string> missing;
    const auto rows = stage.disk.list_resources(owner).value();
    for (const auto& row : rows) missing.insert(row.ref.path);
    for (const auto& line : receipt->resources) missing.erase(line.path);
    if (!missing.empty()) stage.checker.violate("the receipt leaves out " + *missing.begin());
}

const std::vector<Operation>& operations()
{
    static const std::vector<Operation> all = {
        {"create", nothing, [](auto& world) { return push(world, 1); }},
        {"update", have_one, [](auto& world) { return push(world, 2); }},
        {"replace", have_one, [](auto& world) { return push(world, 1, 2); }},
        {"failing create", nothing, push_broken, RunState::rolled_back},
        {"failing update", have_one, push_broken, RunState::rolled_back},
        {"failing update after one that did not end", have_one,
         [](auto& world) {
             std::vector requests{world.apply(2), world.apply(3)};
             requests.back().graph.nodes.front().spec.as_object()["broken"] = true;
             return requests;
         },
         RunState::rolled_back},
        {"two pushes", have_one, [](auto& world) { return std::vector{world.apply(2), world.apply(3)}; }},
        {"close during create", nothing, [](auto& world) { return std::vector{world.apply(1), world.destroy()}; }},
        {"destroy", have_one, [](auto& world) { return std::vector{world.destroy()}; }},
        {.name = "sweep", .prepare = have_orphans, .requests = {}, .work = sweep_all},
    };
    return all;
}

void carry_out(const Operation& operation, SmallWorld& world)
{
    if (operation.work) return operation.work(world);
    auto& stage = world.stage;
    const auto requests = operation.requests(world);
    for (const auto& request : requests) {
        // Whoever asked a server that died was told that it failed, or heard nothing, and asks again.
        while (stage.is_well() && !stage.checker.find_status(request.id)) {
            stage.ensure_process();
            stage.submit(request);
            stage.pass_time(Milliseconds{60});
        }
        stage.ensure_process();
    }
    stage.run_until_quiet();
    if (!stage.is_well()) return;
    const auto& id = requests.back().id;
    for (const auto& name : stage.checker.made_twice()) stage.checker.violate("I3: " + name + " was made twice");
    const auto* status = stage.checker.find_status(id);
    if (status == nullptr) return stage.checker.violate(fmt::format("{} was lost", operation.name));
    if (status->state != operation.end)
        stage.checker.violate(fmt::format("{} ended as {} and not as {}: {}", operation.name, to_string(status->state),
                                          to_string(operation.end), status->error ? status->error->message : ""));
}

}  // namespace ramet::simulation
