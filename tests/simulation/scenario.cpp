#include "simulation/scenario.hpp"

#include "engine/names.hpp"
#include "simulation/hosted_life.hpp"
#include "simulation/stage.hpp"
#include "simulation/town.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

namespace {

/// What a provider may do to every call for as long as the weather is bad: time and attempts are spent.
constexpr Fault local_storms[] = {Fault::throttled,      Fault::server_error,   Fault::lost_request, Fault::lost_answer,
                                  Fault::failed_listing, Fault::failed_listing, Fault::throttled};

/// One life in so many has several servers at once.
constexpr std::uint64_t shared_every = 5;

/// One thing somebody wants of an environment.
struct Owner {
    OwnerId id;
    std::vector<std::vector<std::size_t>> needs{};  ///< by node: a graph without cycles
    std::vector<std::string> kinds{};               ///< by node
    std::vector<EngineRunId> runs{};
    Graph newest{};  ///< that was asked for
    bool was_good = false;
};

class Scenario {
public:
    Scenario(const SeedOptions& options, TransitionCounts& counts)
        : options_(options), stage_(options.seed, options.keeps_trace, counts)
    {
        stage_.provider.weather.without = options.without;
    }

    SeedResult run()
    {
        choose_weather();
        if (options_.seed % shared_every == 0) share(stage_);
        make_owners();
        start_process();
        const auto acts = stage_.random.between(6, most_acts);
        for (std::int64_t act = 0; act < acts; ++act) {
            if (!options_.skipped_acts.contains(act)) {
                if (stage_.is_shared()) trouble_servers(stage_);
                do_something();
            }
            stage_.pass_time(Milliseconds{stage_.random.once_in(3) ? stage_.random.between(0, 60'000)
                                                                   : stage_.random.between(0, 2'000)});
        }
        clear_up();
        return SeedResult{stage_.queue.count(), stage_.trace.hash(), stage_.checker.violations(), stage_.trace.lines(),
                          stage_.faults};
    }

private:
    void say(const std::string& line) { stage_.say(line); }

    void choose_weather()
    {
        auto& weather = stage_.provider.weather;
        const Milliseconds horizons[] = {Milliseconds{0}, Milliseconds{2'000}, Milliseconds{10'000}};
        weather.horizon = horizons[stage_.random.below(3)];
        constexpr Fault local[] = {Fault::lost_request, Fault::lost_answer,  Fault::late_request, Fault::duplicate,
                                   Fault::throttled,    Fault::server_error, Fault::stale_read,   Fault::failed_listing,
                                   Fault::slow_ready,   Fault::slow_removal, Fault::failed_commit};
        for (const auto fault : local)
            if (stage_.random.once_in(2))
                weather.chance[static_cast<std::size_t>(fault)] =
                    static_cast<std::uint64_t>(stage_.random.between(4, 25));
        is_stormy_ = stage_.random.once_in(2);
        if (is_stormy_)
            weather.chance[static_cast<std::size_t>(local_storms[stage_.random.below(std::size(local_storms))])] = 1;
        if (stage_.random.once_in(3)) weather.chance[static_cast<std::size_t>(Fault::crash_around_commit)] = 60;
        if (stage_.random.once_in(3)) weather.chance[static_cast<std::size_t>(Fault::crash_around_call)] = 60;
    }

    void make_owners()
    {
        const auto count = stage_.random.between(1, 2);
        for (std::int64_t number = 0; number < count; ++number) {
            Owner owner{OwnerId(fmt::format("env-{}", number))};
            const auto nodes = static_cast<std::size_t>(stage_.random.between(1, options_.most_nodes));
            owner.needs.resize(nodes);
            for (std::size_t node = 0; node < nodes; ++node)
                owner.kinds.emplace_back(stage_.random.once_in(6) ? "widget" : "thing");
            for (std::size_t node = 1; node < nodes; ++node)
                for (std::size_t other = 0; other < node; ++other)
                    if (stage_.random.once_in(3)) owner.needs[node].push_back(other);
            owners_.push_back(std::move(owner));
        }
    }

    static std::string path_of(std::size_t node) { return fmt::format("thing/{}", node); }

    Node make_node(const Owner& owner, std::size_t node)
    {
        Node made;
        made.path = path_of(node);
        made.kind = owner.kinds[node];
        made.outputs = {"address"};
        const bool is_new = stage_.process().version() == Process::Version::present;
        if (is_new) made.outputs.push_back("port");
        const auto* wanted = is_new && stage_.random.once_in(3) ? "port" : "address";
        json::object spec{{"version", stage_.random.between(1, 2)}, {"shape", stage_.random.between(1, 2)}};
        spec["secret"] = json::object{{"$secret", "password"}, {"version", 1}};
        for (const auto need : owner.needs[node]) {
            made.needs.push_back(path_of(need));
            spec[path_of(need)] = json::object{{"$out", json::array{path_of(need), wanted}}};
        }
        made.spec = std::move(spec);
        return made;
    }

    /// A node may be missing, and then whatever needs it is missing too.
    Graph make_graph(const Owner& owner)
    {
        Graph graph;
        std::vector<bool> is_there(owner.needs.size());
        for (std::size_t node = 0; node < owner.needs.size(); ++node) {
            is_there[node] = !stage_.random.once_in(8) &&
                             std::ranges::all_of(owner.needs[node], [&](std::size_t need) { return is_there[need]; });
            if (is_there[node]) graph.nodes.push_back(make_node(owner, node));
        }
        return graph;
    }

    RunRequest make_request(const Owner& owner, RunKind kind)
    {
        RunRequest request;
        request.owner = owner.id;
        request.kind = kind;
        request.id = EngineRunId(fmt::format("run-{}", ++runs_));
        request.timeout = Milliseconds{stage_.random.once_in(4) ? 20'000 : 900'000};
        if (is_stormy_) request.timeout = Milliseconds{stage_.random.between(20, 3'000)};
        if (kind == RunKind::apply) request.graph = make_graph(owner);
        if (owner.was_good) request.on_failure = FailurePolicy::keep_last_good;
        if (!owner.was_good && stage_.random.once_in(4))
            request.keep_failed = Milliseconds{stage_.random.between(1'000, 100'000)};
        request.probe_all = stage_.random.once_in(4);
        if (kind == RunKind::destroy && stage_.random.once_in(2)) add_last_jobs(request);
        return request;
    }

    /// Nothing new is wanted; only a look at all of it, and now and then without the time for it.
    RunRequest make_same_request(const Owner& owner)
    {
        auto request = make_request(owner, RunKind::apply);
        request.graph = owner.newest;
        request.probe_all = !stage_.random.once_in(3);
        if (stage_.random.once_in(8)) request.timeout = Milliseconds{stage_.random.between(1, 40)};
        return request;
    }

    /// The push of every day: one thing changes, in place, and what needs it is filled anew with what it was filled with.
    RunRequest make_small_request(const Owner& owner)
    {
        auto request = make_request(owner, RunKind::apply);
        request.graph = owner.newest;
        request.probe_all = false;
        if (request.graph.nodes.empty()) return request;
        auto& spec = request.graph.nodes[stage_.random.below(request.graph.nodes.size())].spec.as_object();
        spec["version"] = 3 - spec.at("version").as_int64();
        return request;
    }

    /// What runs before everything is removed: one job after another, and not always with the time that they need.
    void add_last_jobs(RunRequest& request)
    {
        request.graph.nodes = {Node{"job/export", "thing", json::object{{"shape", 1}}, {}, {"address"}},
                               Node{"job/upload", "thing", json::object{{"shape", 1}}, {"job/export"}, {"address"}}};
        request.timeout = Milliseconds{stage_.random.once_in(2) ? 120'000 : stage_.random.between(100, 4'000)};
        if (stage_.random.once_in(4)) stage_.provider.broken_paths.insert("job/export");
    }

    void start_process()
    {
        const bool is_old = weather_is_bad_ && stage_.random.once_in(6);
        stage_.start_process(is_old ? Process::Version::old : Process::Version::present);
    }

    void ensure_process()
    {
        if (!stage_.process().is_alive()) start_process();
        stage_.ensure_process();
    }

    void submit(Owner& owner, RunRequest request)
    {
        owner.runs.push_back(request.id);
        if (request.kind == RunKind::apply) owner.newest = request.graph;
        stage_.submit(std::move(request));
    }

    void do_something()
    {
        ensure_process();
        notice_good();
        auto& owner = owners_[stage_.random.below(owners_.size())];
        switch (stage_.random.below(24)) {
        case 0: return cancel(owner);
        case 1: return crash();
        case 2: return take_over();
        case 3: return submit(owner, make_request(owner, RunKind::destroy));
        case 4:
        case 5:
        case 6:
        case 17: return disturb(owner);
        case 7:
        case 8:
        case 14:
        case 16: submit(owner, make_request(owner, RunKind::apply)); return cancel_last(owner);
        case 9:
        case 11:
        case 13:
        case 15: return submit(owner, make_same_request(owner));
        case 18: return submit(owner, make_small_request(owner));
        case 12: return go_back_a_version(owner);
        case 19: return sweep();
        case 10: submit(owner, make_same_request(owner)); return cancel_last(owner);
        default: return submit(owner, make_request(owner, RunKind::apply));
        }
    }

    void notice_good()
    {
        for (auto& owner : owners_) {
            owner.was_good = false;
            for (const auto& [name, row] : stage_.checker.rows())
                owner.was_good |= row.owner == owner.id && row.is_good && row.phase != Phase::gone;
        }
    }

    void cancel(Owner& owner)
    {
        if (owner.runs.empty()) return;
        const auto run = owner.runs[stage_.random.below(owner.runs.size())];
        say("cancel " + run.str());
        stage_.process().engine().cancel_async(run, [](const Result<void>&) {});
    }

    /// In between, there is never anything for it to remove.
    void sweep()
    {
        say("sweep");
        auto* by = &stage_.process();
        by->engine().sweep_async({}, [this, by](const Result<SweepReport>& report) {
            if (by->is_alive() && report && !report->runs.empty()) stage_.checker.violate("a sweep removed something");
        });
    }

    /// Before it did anything, or just after.
    void cancel_last(Owner& owner)
    {
        stage_.pass_time(
            Milliseconds{stage_.random.once_in(4) ? stage_.random.between(0, 40) : stage_.random.between(0, 2)});
        say("cancel " + owner.runs.back().str());
        stage_.process().engine().cancel_async(owner.runs.back(), [](const Result<void>&) {});
    }

    void crash()
    {
        ++stage_.faults[static_cast<std::size_t>(Fault::crash)];
        stage_.process().die("by itself");
        stage_.pass_time(Milliseconds{stage_.random.between(0, 5'000)});
        start_process();
    }

    /// What was asked for meanwhile waits for a version that may not serve it.
    void go_back_a_version(Owner& owner)
    {
        submit(owner, make_request(owner, RunKind::apply));
        stage_.pass_time(Milliseconds{stage_.random.between(0, 10)});
        submit(owner, make_request(owner, RunKind::apply));
        stage_.pass_time(Milliseconds{stage_.random.between(0, 10)});
        stage_.process().die("for an older version");
        stage_.start_process(Process::Version::old);
    }

    void take_over()
    {
        if (stage_.is_shared()) return;
        ++stage_.faults[static_cast<std::size_t>(Fault::two_workers)];
        stage_.process().be_replaced(stage_.queue.monotonic() + Milliseconds{stage_.random.between(0, 20'000)});
        start_process();
    }

    void disturb(const Owner& owner)
    {
        const auto path = path_of(stage_.random.below(owner.needs.size()));
        switch (stage_.random.below(7)) {
        case 0:
            ++stage_.faults[static_cast<std::size_t>(Fault::clock_back)];
            return stage_.queue.jump_wall_clock(-Milliseconds{stage_.random.between(1, 600'000)});
        case 1: stage_.provider.refused_paths.insert(path); return say(path + " is refused from now on");
        case 2: stage_.provider.broken_paths.insert(path); return say(path + " breaks down from now on");
        case 3: {
            const auto id = derive_resource_id("install", owner.id, path);
            return stage_.provider.put_stranger(derive_name(path, id, stage_.random.between(1, 2)), path);
        }
        case 4:
        case 5: stage_.provider.kept_paths.insert(path); return say(path + " cannot be removed from now on");
        default: return stage_.provider.lose_one();
        }
    }

    void run_until_quiet()
    {
        while (stage_.step()) ensure_process();
        stage_.run_until_quiet();
    }

    /// The bars of every seed: a last push succeeds, a last destroy leaves nothing.
    void clear_up()
    {
        run_until_quiet();
        if (stage_.is_shared()) stage_.pass_time(longest_trouble);
        say("the weather clears");
        stage_.provider.heal();
        weather_is_bad_ = false;
        for (auto* server : stage_.living())
            if (server->version() == Process::Version::old) server->die("for the newest version");
        ensure_process();
        run_until_quiet();
        for (auto& owner : owners_) {
            notice_good();
            auto request = make_request(owner, RunKind::apply);
            request.timeout = Milliseconds{900'000};
            request.probe_all = true;
            stage_.finish(std::move(request));
        }
        for (auto& owner : owners_) {
            auto request = make_request(owner, RunKind::destroy);
            request.timeout = Milliseconds{900'000};
            stage_.finish(std::move(request));
        }
        if (!stage_.checker.violations().empty()) return;
        if (!stage_.provider.truth().empty())
            stage_.checker.violate("something is left: " + stage_.provider.truth().front().name);
        for (const auto& owner : owners_)
            if (!stage_.disk.find_receipt(owner.id)->has_value())
                stage_.checker.violate("no receipt for " + owner.id.str());
    }

    SeedOptions options_;
    Stage stage_;
    std::vector<Owner> owners_;
    int runs_ = 0;
    bool weather_is_bad_ = true;
    bool is_stormy_ = false;
};

}  // namespace

SeedResult run_seed(const SeedOptions& options, TransitionCounts& counts)
{
    return is_hosted(options.seed) ? run_hosted_seed(options, counts) : Scenario(options, counts).run();
}

}  // namespace ramet::simulation
