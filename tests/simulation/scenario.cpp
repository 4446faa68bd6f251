#include "simulation/scenario.hpp"

#include "engine/names.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::simulation {

using namespace engine;

namespace {

constexpr std::uint64_t most_events = 60'000;

/// What a provider may do to every call for as long as the weather is bad: time and attempts are spent.
constexpr Fault local_storms[] = {Fault::throttled,      Fault::server_error,   Fault::lost_request, Fault::lost_answer,
                                  Fault::failed_listing, Fault::failed_listing, Fault::throttled};

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
        : options_(options), random_(options.seed), trace_(options.keeps_trace),
          provider_(queue_, random_, trace_, checker_, faults_),
          universe_{queue_, random_, trace_, checker_, provider_, disk_, counts, options.mutation}
    {
        provider_.defect = options.defect;
        provider_.weather.without = options.without;
        if (options.ignores_epochs) disk_.ignore_epochs();
    }

    SeedResult run()
    {
        choose_weather();
        make_owners();
        start_process();
        const auto acts = random_.between(6, most_acts);
        for (std::int64_t act = 0; act < acts; ++act) {
            if (!options_.skipped_acts.contains(act)) do_something();
            pass_time(Milliseconds{random_.once_in(3) ? random_.between(0, 60'000) : random_.between(0, 2'000)});
        }
        clear_up();
        return SeedResult{queue_.count(), trace_.hash(), checker_.violations(), trace_.lines(), faults_};
    }

private:
    void say(const std::string& line) { trace_.add(queue_.monotonic(), line); }

    void choose_weather()
    {
        auto& weather = provider_.weather;
        const Milliseconds horizons[] = {Milliseconds{0}, Milliseconds{2'000}, Milliseconds{10'000}};
        weather.horizon = horizons[random_.below(3)];
        constexpr Fault local[] = {Fault::lost_request, Fault::lost_answer,  Fault::late_request, Fault::duplicate,
                                   Fault::throttled,    Fault::server_error, Fault::stale_read,   Fault::failed_listing,
                                   Fault::slow_ready,   Fault::slow_removal, Fault::failed_commit};
        for (const auto fault : local)
            if (random_.once_in(2))
                weather.chance[static_cast<std::size_t>(fault)] = static_cast<std::uint64_t>(random_.between(4, 25));
        is_stormy_ = random_.once_in(2);
        if (is_stormy_)
            weather.chance[static_cast<std::size_t>(local_storms[random_.below(std::size(local_storms))])] = 1;
        if (random_.once_in(3)) weather.chance[static_cast<std::size_t>(Fault::crash_around_commit)] = 60;
        if (random_.once_in(3)) weather.chance[static_cast<std::size_t>(Fault::crash_around_call)] = 60;
    }

    void make_owners()
    {
        const auto count = random_.between(1, 2);
        for (std::int64_t number = 0; number < count; ++number) {
            Owner owner{OwnerId(fmt::format("env-{}", number))};
            const auto nodes = static_cast<std::size_t>(random_.between(1, options_.most_nodes));
            owner.needs.resize(nodes);
            for (std::size_t node = 0; node < nodes; ++node)
                owner.kinds.emplace_back(random_.once_in(6) ? "widget" : "thing");
            for (std::size_t node = 1; node < nodes; ++node)
                for (std::size_t other = 0; other < node; ++other)
                    if (random_.once_in(3)) owner.needs[node].push_back(other);
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
        const bool is_new = process().version() == Process::Version::present;
        if (is_new) made.outputs.push_back("port");
        const auto* wanted = is_new && random_.once_in(3) ? "port" : "address";
        json::object spec{{"version", random_.between(1, 2)}, {"shape", random_.between(1, 2)}};
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
            is_there[node] = !random_.once_in(8) &&
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
        request.timeout = Milliseconds{random_.once_in(4) ? 20'000 : 900'000};
        if (is_stormy_) request.timeout = Milliseconds{random_.between(20, 3'000)};
        if (kind == RunKind::apply) request.graph = make_graph(owner);
        if (owner.was_good) request.on_failure = FailurePolicy::keep_last_good;
        if (!owner.was_good && random_.once_in(4)) request.keep_failed = Milliseconds{random_.between(1'000, 100'000)};
        request.probe_all = random_.once_in(4);
        if (kind == RunKind::destroy && random_.once_in(2)) add_last_jobs(request);
        return request;
    }

    /// Nothing new is wanted; only a look at all of it.
    RunRequest make_same_request(const Owner& owner)
    {
        auto request = make_request(owner, RunKind::apply);
        request.graph = owner.newest;
        request.probe_all = !random_.once_in(3);
        return request;
    }

    /// What runs before everything is removed: one job after another, and not always with the time that they need.
    void add_last_jobs(RunRequest& request)
    {
        request.graph.nodes = {Node{"job/export", "thing", json::object{{"shape", 1}}, {}, {"address"}},
                               Node{"job/upload", "thing", json::object{{"shape", 1}}, {"job/export"}, {"address"}}};
        request.timeout = Milliseconds{random_.once_in(2) ? 120'000 : random_.between(100, 4'000)};
        if (random_.once_in(4)) provider_.broken_paths.insert("job/export");
    }

    void start_process()
    {
        const bool is_old = weather_is_bad_ && random_.once_in(6);
        start_process(is_old ? Process::Version::old : Process::Version::present);
    }

    void start_process(Process::Version version)
    {
        processes_.push_back(std::make_unique<Process>(universe_, static_cast<int>(processes_.size()) + 1, version));
        say(fmt::format("p{} starts{}", processes_.size(),
                        version == Process::Version::old ? ", an older version" : ""));
        auto* process = processes_.back().get();
        process->engine().recover_async([this, process](const Result<int>& result) {
            if (process->is_alive() && !result) say("recovery: " + result.error().message);
            recovery_failed_ |= process->is_alive() && !result;
        });
    }

    Process& process() { return *processes_.back(); }

    void ensure_process()
    {
        if (!process().is_alive()) start_process();
        // A store that failed during recovery: the daemon would end and be started again.
        if (std::exchange(recovery_failed_, false)) {
            process().die("because it could not recover");
            start_process();
        }
    }

    void submit(Owner& owner, RunRequest request)
    {
        say(fmt::format("{} wants {} as {}{}", owner.id.str(), to_string(request.kind), request.id.str(),
                        request.probe_all ? ", looking at all" : ""));
        owner.runs.push_back(request.id);
        if (request.kind == RunKind::apply) owner.newest = request.graph;
        auto* to = &process();
        to->engine().submit_async(std::move(request), {}, [this, to](const Result<EngineRunId>& result) {
            if (to->is_alive() && !result) say("not accepted: " + result.error().message);
        });
    }

    void do_something()
    {
        ensure_process();
        notice_good();
        auto& owner = owners_[random_.below(owners_.size())];
        switch (random_.below(24)) {
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
        case 15:
        case 18: return submit(owner, make_same_request(owner));
        case 12: return go_back_a_version(owner);
        case 10: submit(owner, make_same_request(owner)); return cancel_last(owner);
        default: return submit(owner, make_request(owner, RunKind::apply));
        }
    }

    void notice_good()
    {
        for (auto& owner : owners_) {
            owner.was_good = false;
            for (const auto& [name, row] : checker_.rows())
                owner.was_good |= row.owner == owner.id && row.is_good && row.phase != Phase::gone;
        }
    }

    void cancel(Owner& owner)
    {
        if (owner.runs.empty()) return;
        const auto run = owner.runs[random_.below(owner.runs.size())];
        say("cancel " + run.str());
        process().engine().cancel_async(run, [](const Result<void>&) {});
    }

    /// Before it did anything, or just after.
    void cancel_last(Owner& owner)
    {
        pass_time(Milliseconds{random_.once_in(4) ? random_.between(0, 40) : random_.between(0, 2)});
        say("cancel " + owner.runs.back().str());
        process().engine().cancel_async(owner.runs.back(), [](const Result<void>&) {});
    }

    void crash()
    {
        ++faults_[static_cast<std::size_t>(Fault::crash)];
        process().die("by itself");
        pass_time(Milliseconds{random_.between(0, 5'000)});
        start_process();
    }

    /// What was asked for meanwhile waits for a version that may not serve it.
    void go_back_a_version(Owner& owner)
    {
        submit(owner, make_request(owner, RunKind::apply));
        pass_time(Milliseconds{random_.between(0, 10)});
        submit(owner, make_request(owner, RunKind::apply));
        pass_time(Milliseconds{random_.between(0, 10)});
        process().die("for an older version");
        start_process(Process::Version::old);
    }

    void take_over()
    {
        ++faults_[static_cast<std::size_t>(Fault::two_workers)];
        process().be_replaced(queue_.monotonic() + Milliseconds{random_.between(0, 20'000)});
        start_process();
    }

    void disturb(const Owner& owner)
    {
        const auto path = path_of(random_.below(owner.needs.size()));
        switch (random_.below(7)) {
        case 0:
            ++faults_[static_cast<std::size_t>(Fault::clock_back)];
            return queue_.jump_wall_clock(-Milliseconds{random_.between(1, 600'000)});
        case 1: provider_.refused_paths.insert(path); return say(path + " is refused from now on");
        case 2: provider_.broken_paths.insert(path); return say(path + " breaks down from now on");
        case 3: {
            const auto id = derive_resource_id("install", owner.id, path);
            return provider_.put_stranger(derive_name(path, id, random_.between(1, 2)), path);
        }
        case 4:
        case 5: provider_.kept_paths.insert(path); return say(path + " cannot be removed from now on");
        default: return provider_.lose_one();
        }
    }

    void pass_time(Milliseconds span)
    {
        bool is_over = false;
        queue_.add(queue_.monotonic() + span, [&is_over] { is_over = true; });
        while (!is_over && step()) {}
    }

    bool step()
    {
        if (!checker_.violations().empty() || queue_.count() > most_events) return false;
        if (!queue_.run_next()) return false;
        checker_.on_truth(provider_.truth());
        if (!provider_.strangers_are_untouched()) checker_.violate("a stranger's object was changed");
        return true;
    }

    void run_until_quiet()
    {
        while (step()) ensure_process();
        if (queue_.count() > most_events) checker_.violate("it does not come to rest");
    }

    /// The bars of every seed: a last push succeeds, a last destroy leaves nothing.
    void clear_up()
    {
        run_until_quiet();
        say("the weather clears");
        provider_.heal();
        weather_is_bad_ = false;
        if (process().version() == Process::Version::old) process().die("for the newest version");
        ensure_process();
        run_until_quiet();
        for (auto& owner : owners_) {
            notice_good();
            auto request = make_request(owner, RunKind::apply);
            request.timeout = Milliseconds{900'000};
            request.probe_all = true;
            finish(owner, std::move(request));
        }
        for (auto& owner : owners_) {
            auto request = make_request(owner, RunKind::destroy);
            request.timeout = Milliseconds{900'000};
            finish(owner, std::move(request));
        }
        if (!checker_.violations().empty()) return;
        if (!provider_.truth().empty()) checker_.violate("something is left: " + provider_.truth().front().name);
        for (const auto& owner : owners_)
            if (!disk_.find_receipt(owner.id)->has_value()) checker_.violate("no receipt for " + owner.id.str());
    }

    void finish(Owner& owner, RunRequest request)
    {
        if (!checker_.violations().empty()) return;
        const auto run = request.id;
        submit(owner, std::move(request));
        run_until_quiet();
        const auto* status = checker_.find_status(run);
        if (!checker_.violations().empty()) return;
        if (!status)
            checker_.violate("the last request was lost: " + run.str());
        else if (status->state != RunState::succeeded)
            checker_.violate(fmt::format("the last {} of {} ended as {}: {}", run.str(), owner.id.str(),
                                         to_string(status->state), status->error ? status->error->message : ""));
    }

    SeedOptions options_;
    EventQueue queue_;
    SeededRandom random_;
    Trace trace_;
    Checker checker_;
    FaultCounts faults_{};
    Provider provider_;
    fakes::MemoryRunStore disk_;
    Universe universe_;
    std::vector<std::unique_ptr<Process>> processes_;
    std::vector<Owner> owners_;
    int runs_ = 0;
    bool recovery_failed_ = false;
    bool weather_is_bad_ = true;
    bool is_stormy_ = false;
};

}  // namespace

SeedResult run_seed(const SeedOptions& options, TransitionCounts& counts)
{
    return Scenario(options, counts).run();
}

}  // namespace ramet::simulation
