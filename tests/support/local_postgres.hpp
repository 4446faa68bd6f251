#pragma once

#include "base/hash.hpp"
#include "base/text.hpp"
#include "data/store/clone_store.hpp"
#include "support/memory_allocations.hpp"
#include "support/postgres_cluster.hpp"
#include "targets/local/postgres/data_driver.hpp"
#include "targets/local/postgres/golden_driver.hpp"
#include "targets/local/postgres/golden_spec.hpp"
#include "targets/local/postgres/role_driver.hpp"
#include "targets/local/postgres/server_driver.hpp"
#include "targets/local/postgres/snapshot_driver.hpp"
#include "targets/local/postgres/snapshot_spec.hpp"
#include "targets/local/postgres/spec.hpp"
#include "targets/local/shim_client.hpp"

#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace ramet::testing {

namespace postgres = targets::postgres;

/// Each secret is its own id with a prefix.
class PrefixOpener final : public SecretOpener {
public:
    Result<SecretBytes> open(const SecretReference& reference) override
    {
        return SecretBytes("password of " + reference.id);
    }
};

/// The drivers of PostgreSQL with a data directory of their own, and as much of an engine as a test needs.
class LocalPostgres {
public:
    /// With the data directory in `parent`, which may be a file system of its own.
    explicit LocalPostgres(const Path& parent)
        : data_directory_(parent / "d"), options_(options_in(data_directory_, allocations))
    {
        // Programs that run as another user must get as far as the data directory, as they do in /var/lib.
        ::chmod(parent.c_str(), 0711);
        if (const auto made = data::ensure_store(options_.store); !made) FAIL(made.error().message);
        auto binary = targets::local::ensure_shim_binary(data_directory_ / "bin");
        if (!binary) FAIL(binary.error().message);
        options_.shim_binary = *binary;
    }
    LocalPostgres(const LocalPostgres&) = delete;
    LocalPostgres& operator=(const LocalPostgres&) = delete;

    engine::ResourceRef ref_of(const engine::Node& node, const std::string& owner, std::int64_t incarnation = 1) const
    {
        const auto id = short_hash({options_.install, owner, node.path});
        engine::ResourceRef ref{.id = engine::ResourceId(id),
                                .path = node.path,
                                .kind = node.kind,
                                .name = "",
                                .incarnation = incarnation,
                                .mark = {options_.install, engine::OwnerId(owner), ""}};
        ref.name = to_slug(node.path) + "-" + short_hash({id, std::to_string(incarnation)}, 8);
        ref.mark.nonce = short_hash({id, std::to_string(incarnation), "nonce"});
        ref.spec = node.spec;
        return ref;
    }

    engine::Driver& driver_of(const engine::ResourceRef& ref)
    {
        if (ref.kind == postgres::data_kind) return data;
        if (ref.kind == postgres::server_kind) return server;
        if (ref.kind == postgres::snapshot_kind) return snapshot;
        return ref.kind == postgres::role_kind ? static_cast<engine::Driver&>(role) : golden;
    }

    Result<engine::Acknowledged> apply(engine::ResourceRef& ref)
    {
        auto made = driver_of(ref).apply(call(), ref, engine::Token("t"));
        if (made) ref.identity = made->identity;
        return made;
    }

    /// Applies and asks until it is ready; the failure otherwise.
    Result<engine::Outputs> bring_up(engine::ResourceRef& ref)
    {
        for (int attempt = 0; attempt < 20; ++attempt) {
            const auto made = apply(ref);
            if (made) return wait_for(ref);
            if (!is_transient(made.error().kind)) return std::unexpected(made.error());
            std::this_thread::sleep_for(Milliseconds(20));
        }
        return fail(ErrorKind::unavailable, "{} could not be applied", ref.path);
    }

    Result<engine::Outputs> wait_for(engine::ResourceRef& ref)
    {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (std::chrono::steady_clock::now() < deadline) {
            const auto answer = driver_of(ref).await(call(), ref);
            if (!answer && !is_transient(answer.error().kind)) return std::unexpected(answer.error());
            const auto* failed = answer ? std::get_if<engine::Failed>(&*answer) : nullptr;
            if (failed != nullptr) return std::unexpected(failed->error);
            if (const auto* ready = answer ? std::get_if<engine::Ready>(&*answer) : nullptr)
                return ref.outputs = ready->outputs;
            const auto* later = answer ? std::get_if<engine::NotYet>(&*answer) : nullptr;
            std::this_thread::sleep_for(later == nullptr ? Milliseconds(20) : later->look_again_after);
        }
        return fail(ErrorKind::timeout, "{} did not become ready", ref.path);
    }

    Result<void> take_down(const engine::ResourceRef& ref) { return driver_of(ref).remove(call(), {ref, {}}); }
    engine::Presence presence(const engine::ResourceRef& ref)
    {
        const auto seen = driver_of(ref).probe(call(), ref);
        if (!seen) FAIL(seen.error().message);
        return seen->presence;
    }

    const Path& data_directory() const { return data_directory_; }
    const postgres::PostgresOptions& options() const { return options_; }
    static engine::Call call() { return {}; }

    MemoryAllocations allocations;
    PrefixOpener secrets;
    SystemClock clock;

private:
    static postgres::PostgresOptions options_in(const Path& data_directory, Allocations& numbers)
    {
        postgres::PostgresOptions options;
        options.install = "install-1";
        options.store.data_directory = data_directory;
        options.servers = data_directory / "servers";
        options.sockets = data_directory / "sockets";
        options.allocations = &numbers;
        // Other test programs run beside this one.
        const auto share = static_cast<int>(::getpid() % 400);
        options.ports = {21000 + share % 100 * 100, 21099 + share % 100 * 100};
        options.users = {700'000, 1'700'000'000};
        return options;
    }

    Path data_directory_;
    postgres::PostgresOptions options_;

public:
    postgres::DataDriver data{options_, clock};
    postgres::ServerDriver server{options_, clock};
    postgres::RoleDriver role{secrets};
    postgres::GoldenDriver golden{options_, clock};
    postgres::SnapshotDriver snapshot{options_, clock};
};

/// One database of one environment, brought up and down as the engine would.
class TestDatabase {
public:
    TestDatabase(LocalPostgres& place, postgres::DatabaseSpec spec) : place_(place), spec_(std::move(spec)) {}
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;
    ~TestDatabase()
    {
        if (const auto gone = down(); !gone) MESSAGE(gone.error().message);
    }

    Result<void> up()
    {
        for (const auto& node : postgres::database_nodes(spec_)) {
            auto ref = place_.ref_of(node, spec_.environment.str(), spec_.incarnation);
            if (node.kind != postgres::data_kind) ref = place_.ref_of(node, spec_.environment.str());
            ref.spec = filled(node.spec);
            if (const auto old = refs.find(node.path); old != refs.end() && old->second.name != ref.name)
                replaced_.push_back(old->second);
            refs[node.path] = ref;
            const auto begin = std::chrono::steady_clock::now();
            TRY(place_.bring_up(refs[node.path]));
            took_ms[node.path] =
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
        }
        for (const auto& old : std::exchange(replaced_, {})) TRY(place_.take_down(old));
        return {};
    }

    Result<void> down()
    {
        for (const auto& path : {postgres::database_path(spec_.database), postgres::server_path(spec_.database),
                                 postgres::data_path(spec_.database)})
            if (refs.contains(path)) TRY(place_.take_down(refs[path]));
        return {};
    }

    std::string output(const std::string& path, const std::string& name) { return refs[path].outputs[name]; }
    std::string data(const std::string& name) { return output(postgres::data_path(spec_.database), name); }
    int port() { return std::stoi(output(postgres::server_path(spec_.database), "port")); }
    std::string socket_directory() { return output(postgres::server_path(spec_.database), "socket_directory"); }
    SecretBytes password() const { return SecretBytes("password of " + spec_.password.id); }
    postgres::DatabaseSpec& spec() { return spec_; }

    /// As the service.
    Result<data::SqlConnection> log_in(const SecretBytes& password)
    {
        return data::SqlConnection::open({.host = "127.0.0.1",
                                          .port = port(),
                                          .database = spec_.database_name,
                                          .user = spec_.role,
                                          .password = &password});
    }
    data::SqlConnection connect()
    {
        auto opened = log_in(password());
        if (!opened) FAIL(opened.error().message);
        return std::move(*opened);
    }
    std::string dump()
    {
        const auto dumped = run_checked({.arguments = {PostgresCluster::program("pg_dumpall"), "-h", socket_directory(),
                                                       "-p", std::to_string(port()), "-U", "ramet"},
                                         .output_limit = 256U << 20U});
        if (!dumped) FAIL(dumped.error().evidence);
        // Newer pg_dumps put a random word there.
        std::string lines;
        for (const auto& line : split(*dumped, '\n'))
            if (!line.starts_with("\\restrict ") && !line.starts_with("\\unrestrict ")) lines += line + "\n";
        return sha256_hex(lines);
    }

    std::map<std::string, engine::ResourceRef> refs;
    std::map<std::string, double> took_ms;  ///< by path, of the last up()

private:
    /// {"$out": [path, output]} replaced, one level deep, which is as deep as these specs go.
    Json filled(const Json& spec)
    {
        auto object = spec.as_object();
        for (auto& member : object)
            if (const auto& out = get_member(member.value(), "$out"); out.is_array())
                member.value() = output(std::string(out.at(0).as_string()), std::string(out.at(1).as_string()));
        return object;
    }

    LocalPostgres& place_;
    postgres::DatabaseSpec spec_;
    std::vector<engine::ResourceRef> replaced_;
};

/// What `render` would say of a database of this environment.
inline postgres::DatabaseSpec spec_of(const std::string& environment, DataStrategy strategy)
{
    postgres::DatabaseSpec spec;
    spec.database = "db";
    spec.environment = EnvironmentId(environment);
    spec.strategy = strategy;
    spec.role = "shop";
    spec.database_name = "shopdb";
    spec.password = {environment, 1};
    return spec;
}

inline postgres::DatabaseSpec base_spec(const std::string& environment)
{
    auto spec = spec_of(environment, DataStrategy::seed);
    spec.durability = postgres::Durability::durable;
    return spec;
}

/// A snapshot of `database` as it is now, as a run of its preview makes it.
inline engine::ResourceRef snapshot_ref(LocalPostgres& place, TestDatabase& database, const std::string& name)
{
    postgres::SnapshotRequest request;
    request.database = database.spec().database;
    request.name = name;
    request.source = database.output(postgres::server_path(request.database), "data");
    request.socket_directory = database.socket_directory();
    request.port = std::to_string(database.port());
    request.database_name = database.spec().database_name;
    return place.ref_of(postgres::snapshot_node(request), database.spec().environment.str());
}

/// A golden copy of `base`, as a golden run of its project makes it.
inline engine::ResourceRef golden_ref(LocalPostgres& place, TestDatabase& base, const std::string& label)
{
    const auto node = postgres::golden_node({.source = {ProjectId("project-1"), base.spec().environment.str(), "db"},
                                             .label = label,
                                             .socket_directory = base.socket_directory(),
                                             .port = std::to_string(base.port()),
                                             .database_name = base.spec().database_name});
    return place.ref_of(node, "project-1");
}

}  // namespace ramet::testing
