#include "targets/local/postgres/data_driver.hpp"

#include "base/json.hpp"
#include "data/snapshot/snapshot.hpp"
#include "targets/local/postgres/marked_folder.hpp"
#include "targets/local/postgres/spec.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace ramet::targets::postgres {
namespace {

constexpr auto data_name = "data";
/// Written last: without it the copy is half made and is begun anew.
constexpr auto marker_name = "made.json";

std::string uid_path(const engine::ResourceRef& ref)
{
    return "data/" + ref.name;
}

Result<std::optional<engine::Outputs>> read_marker(const Path& folder)
{
    const auto text = read_file(folder / marker_name, 64U << 10U);
    if (!text && text.error().kind == ErrorKind::not_found) return std::nullopt;
    if (!text) return std::unexpected(text.error());
    const auto record = parse_json(*text);
    // Cut off by a power failure: as good as none.
    if (!record || !record->is_object()) return std::nullopt;
    engine::Outputs outputs;
    for (const auto& [key, value] : record->get_object()) outputs[key] = std::string(get_string(*record, key));
    return outputs;
}

/// After a power failure a clone may be made again; of what is durable, the marker and all that it vouches for is on the disk.
Result<void> write_marker(const Path& folder, const engine::Outputs& outputs, std::string_view durability)
{
    json::object record;
    for (const auto& [key, value] : outputs) record[key] = value;
    const auto text = to_text(record);
    const auto path = folder / marker_name;
    if (durability == "durable") {
        const auto opened = TRY(data::open_directory(folder));
        if (::syncfs(opened.get()) != 0) return std::unexpected(os_error("writing back", folder));
        return write_file(path, text);
    }
    const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return std::unexpected(os_error("writing", path));
    return {};
}

/// Only what no server has ever run on is thrown away when its marker is missing.
Result<void> remove_half_made(const Path& folder, std::string_view durability)
{
    const auto trace = folder / data_name / "postmaster.opts";
    if (durability == "durable" && ::access(trace.c_str(), F_OK) == 0) {
        Error error{ErrorKind::integrity,
                    fmt::format("{} holds data, but its marker {} is gone", folder.string(), marker_name)};
        error.next_step = "put the marker back from a backup, or delete the environment";
        return std::unexpected(std::move(error));
    }
    return data::remove_clone(folder / data_name);
}

}  // namespace

Result<engine::Observation> DataDriver::probe(const engine::Call&, const engine::ResourceRef& ref)
{
    return MarkedFolder(options_.store.databases(), ref).probe();
}

Result<engine::Acknowledged> DataDriver::apply(const engine::Call& call, const engine::ResourceRef& ref,
                                               const engine::Token&)
{
    TRY(check_version(options_, get_string(ref.spec, "version")));
    const MarkedFolder folder(options_.store.databases(), ref);
    engine::Acknowledged made;
    made.identity = TRY(folder.ensure(clock_.now()));
    made.external_id = folder.path().string();
    made.outputs = TRY(ensure_copy(call, ref)).value_or(engine::Outputs{});
    return made;
}

Result<engine::Readiness> DataDriver::await(const engine::Call& call, const engine::ResourceRef& ref)
{
    auto outputs = TRY(ensure_copy(call, ref));
    if (outputs) return engine::Ready{std::move(*outputs)};
    return engine::NotYet{Milliseconds(50), fmt::format("initialising PostgreSQL {}", get_string(ref.spec, "version"))};
}

Result<std::optional<engine::Outputs>> DataDriver::ensure_copy(const engine::Call& call,
                                                               const engine::ResourceRef& ref) const
{
    auto made = TRY(read_marker(options_.store.databases() / ref.name));
    if (made) return made;
    const auto source = TRY(find_source(ref));
    if (!source) return std::nullopt;
    auto outputs = TRY(make_copy(call, ref, *source));
    return outputs;
}

Result<std::optional<DataDriver::Source>> DataDriver::find_source(const engine::ResourceRef& ref) const
{
    if (!get_string(ref.spec, "snapshot").empty()) return find_snapshot(ref);
    if (get_string(ref.spec, "strategy") == "clone") return find_golden(ref);
    const auto directory = TRY(templates_.advance(get_string(ref.spec, "version")));
    if (!directory) return std::nullopt;
    return Source{*directory, "", clock_.now()};
}

Result<DataDriver::Source> DataDriver::find_golden(const engine::ResourceRef& ref) const
{
    const GoldenId id(get_string(ref.spec, "golden"));
    const auto golden = TRY(goldens_.get(id));
    if (golden.version != get_string(ref.spec, "version"))
        return fail(ErrorKind::refused, "the golden copy is of PostgreSQL {}, not {}", golden.version,
                    get_string(ref.spec, "version"));
    TRY(goldens_.pin(id, ref.id.str()));
    return Source{golden.directory, id.str(), golden.made_at};
}

Result<DataDriver::Source> DataDriver::find_snapshot(const engine::ResourceRef& ref) const
{
    const auto name = get_string(ref.spec, "snapshot");
    const auto snapshot = TRY(data::find_snapshot(options_.store.snapshots() / name));
    if (!snapshot)
        return std::unexpected(Error{
            ErrorKind::not_found, fmt::format("the snapshot {} is gone", name), {}, "ramet preview reset-data NAME"});
    if (snapshot->version != get_string(ref.spec, "version"))
        return fail(ErrorKind::refused, "the snapshot is of PostgreSQL {}, not {}", snapshot->version,
                    get_string(ref.spec, "version"));
    return Source{snapshot->directory, "", snapshot->made_at};
}

Result<engine::Outputs> DataDriver::make_copy(const engine::Call& call, const engine::ResourceRef& ref,
                                              const Source& source) const
{
    const auto folder = options_.store.databases() / ref.name;
    const auto user = TRY(ensure_user(options_, get_string(ref.spec, "environment"), uid_path(ref)));
    const auto durability = get_string(ref.spec, "durability");
    TRY(remove_half_made(folder, durability));
    const auto cloned = TRY(data::clone_tree(
        {.source = source.directory, .destination = folder / data_name, .owner = user, .stop = call.stop}));
    engine::Outputs outputs{{"directory", (folder / data_name).string()},
                            {"method", std::string(data::to_string(cloned.method))},
                            {"bytes_copied", std::to_string(cloned.bytes_copied)},
                            {"golden", source.golden},
                            {"made_at", to_rfc3339(source.made_at)}};
    TRY(write_marker(folder, outputs, durability));
    return outputs;
}

Result<void> DataDriver::remove(const engine::Call&, const engine::DeletionProof& proof)
{
    const auto& ref = proof.resource;
    const MarkedFolder folder(options_.store.databases(), ref);
    if (const auto path = TRY(folder.check_removal())) TRY(data::remove_clone(*path / data_name));
    TRY(folder.remove());
    if (const auto golden = get_string(ref.spec, "golden"); !golden.empty())
        TRY(goldens_.unpin(GoldenId(golden), ref.id.str()));
    return release_user(options_, get_string(ref.spec, "environment"), uid_path(ref));
}

Result<std::vector<engine::InventoryItem>> DataDriver::inventory(const engine::Call&, const std::string& install)
{
    return list_marked_folders(options_.store.databases(), data_kind, install);
}

engine::Driver::Change DataDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    for (const auto* key : {"environment", "database", "version"})
        if (get_string(old_spec, key) != get_string(new_spec, key)) return Change::replace;
    return get_int(old_spec, "incarnation") == get_int(new_spec, "incarnation") ? Change::keep : Change::replace;
}

}  // namespace ramet::targets::postgres
