#include "daemon/local_commands.hpp"

#include "base/json.hpp"
#include "base/version.hpp"
#include "cli/session.hpp"
#include "config/parse.hpp"
#include "config/schema.hpp"
#include "config/support.hpp"
#include "daemon/up.hpp"
#include "data/store/clone_store.hpp"
#include "storage/backup.hpp"
#include "storage/backup_archive.hpp"

namespace ramet::daemon {

namespace {

using cli::Arguments;
using cli::Session;

Result<int> print_version(Session& session, const Arguments&)
{
    session.print_object(json::object{{"name", "ramet"}, {"version", version}}, {{"ramet", "version"}});
    return 0;
}

Result<int> validate(Session& session, const Arguments& arguments)
{
    const auto file = arguments.has("FILE") ? arguments.get("FILE") : std::string("ramet.yaml");
    const auto text = TRY(read_file(file, 1U << 20U));
    const auto parsed = config::parse_project_file_fully(text, file);
    if (parsed) {
        session.tell(file + " is valid");
        return 0;
    }
    for (const auto& error : parsed.error()) session.tell(error.where + ": " + error.message);
    return exit_code(ErrorKind::invalid);
}

Result<int> print_schema(Session& session, const Arguments&)
{
    session.print(to_pretty_text(config::project_file_schema()) + "\n");
    return 0;
}

Result<int> print_support(Session& session, const Arguments&)
{
    session.print(config::support_text());
    return 0;
}

Result<int> print_status(Session& session, const data::StoreStatus& status)
{
    const json::object view{{"kind", status.kind == data::StoreKind::image ? "image" : "plain"},
                            {"method", to_string(status.method)},
                            {"size_bytes", status.size_bytes},
                            {"free_bytes", status.free_bytes}};
    session.print_object(view,
                         {{"store", "kind"}, {"clones by", "method"}, {"size", "size_bytes"}, {"free", "free_bytes"}});
    return 0;
}

data::StorePaths store_of(const Arguments& arguments)
{
    return {data_directory_of(arguments)};
}

Result<int> init_storage(Session& session, const Arguments& arguments)
{
    data::StoreInit options;
    if (arguments.has("--size")) {
        const auto gibibytes = std::atoll(arguments.get("--size").c_str());
        if (gibibytes <= 0)
            return fail(ErrorKind::invalid, "--size takes a number of GiB, not \"{}\"", arguments.get("--size"));
        options.size_bytes = gibibytes << 30;
    }
    TRY(ensure_directory(store_of(arguments).data_directory, 0711));
    const auto status = TRY(data::init_store(store_of(arguments), options));
    return print_status(session, status);
}

Result<int> show_storage(Session& session, const Arguments& arguments)
{
    const auto status = TRY(data::get_store_status(store_of(arguments)));
    return print_status(session, status);
}

Result<int> remove_storage(Session& session, const Arguments& arguments)
{
    const bool confirmed = TRY(session.confirm("Remove the store with all golden copies in it?"));
    if (!confirmed) return 1;
    TRY(data::remove_store(store_of(arguments)));
    return 0;
}

const cli::OptionSpec data_directory{
    "--data-dir", "DIR", "the data directory (RAMET_DATA_DIR, else /var/lib/ramet, else ~/.local/share/ramet)"};

Time now()
{
    SystemClock clock;
    return clock.now();
}

Result<std::string> read_backup(Session& session, const Arguments& arguments)
{
    if (arguments.has("--data-dir")) {
        auto backup = TRY(storage::make_offline_backup(data_directory_of(arguments), now()));
        return std::move(backup.archive);
    }
    auto* api = TRY(session.api());
    std::string archive;
    TRY(api->stream("/api/v1/backup", [&](std::string_view chunk) {
        archive += chunk;
        return net::Flow::keep;
    }));
    return archive;
}

json::object to_view(const storage::BackupManifest& manifest, const std::string& file)
{
    json::array keys;
    for (const auto& key : manifest.keys) keys.emplace_back(key);
    return {{"file", file},
            {"made_at", to_rfc3339(manifest.made_at)},
            {"version", manifest.version},
            {"schema", manifest.schema},
            {"sha256", manifest.sha256},
            {"keys", std::move(keys)}};
}

const std::vector<cli::Column> backup_fields{{"file", "file"},     {"made at", "made_at"}, {"ramet", "version"},
                                             {"schema", "schema"}, {"sha256", "sha256"},   {"needs keys", "keys"}};

Result<int> back_up(Session& session, const Arguments& arguments)
{
    const Path file = arguments.get("FILE");
    if (TRY(look_for(file)))
        return fail(ErrorKind::conflict, "{} is there already: a backup is never written over something",
                    file.string());
    const auto archive = TRY(read_backup(session, arguments));
    // What came over the network is a backup before it is called one.
    const auto unpacked = TRY(storage::unpack_backup(archive));
    TRY(write_file(file, archive, 0600));
    session.print_object(to_view(unpacked.manifest, file.string()), backup_fields);
    session.tell("The key-encryption key is not in it. Keep DATA_DIR/keys/keys apart from it: without that file no "
                 "secret can be "
                 "opened again.");
    return 0;
}

Result<int> restore(Session& session, const Arguments& arguments)
{
    using Existing = storage::RestoreRequest::Existing;
    storage::RestoreRequest request{.data_directory = data_directory_of(arguments), .key_file = arguments.get("--key")};
    request.existing = arguments.has("--force") ? Existing::set_aside : Existing::refused;
    request.now = now();
    const auto archive = TRY(read_file(arguments.get("FILE"), storage::largest_backup));
    const auto restored = TRY(storage::restore_backup(archive, request));
    auto view = to_view(restored.manifest, arguments.get("FILE"));
    view["set_aside"] = restored.set_aside.string();
    session.print_object(view, {{"made at", "made_at"}, {"ramet", "version"}, {"put aside", "set_aside"}});
    session.tell(
        "What was made or deleted since is not known to it. Start the server, then look before anything is removed:\n"
        "  ramet sweep --dry-run            what is there and not known: told, never deleted by itself\n"
        "  ramet preview redeploy NAME      makes again what is known and not there");
    return 0;
}

}  // namespace

cli::Commands local_commands()
{
    using Count = cli::PositionalSpec::Count;
    return {
        {"up",
         "start the server with its proxy",
         {},
         {data_directory,
          {"--listen", "ADDRESS", "of the API (127.0.0.1:7070)"},
          {"--kubeconfig", "FILE", "clusters that targets may name ($KUBECONFIG, ~/.kube/config)"},
          {"--without-local-target", "", "refuse environments on this machine itself"},
          {"--proxy-listen", "ADDRESS", "of the previews (127.0.0.1:8080)"},
          {"--public-url", "URL", "how Git hosts reach the API"},
          {"--poll", "DURATION", "how often Git hosts are asked (15s)"},
          {"--store", "postgres://…", "keep the records there, beside other servers on this data directory"},
          {"--store-password-file", "FILE", "its password, in a file that only you can read"}},
         up},
        {"backup",
         "write a copy of the server's own store into a file",
         {{"FILE", "must not exist"}},
         {{"--data-dir", "DIR", "of a server that does not run; without it the running one is asked"}},
         back_up},
        {"restore",
         "put a backup into a data directory that no server uses",
         {{"FILE", "of `ramet backup FILE`"}},
         {data_directory,
          {"--key", "FILE", "the key file that was kept apart, where the data directory has none"},
          {"--force", "", "put a store that is there aside, under a name with the time"}},
         restore},
        {"version", "print the version", {}, {}, print_version},
        {"config validate",
         "check a project file",
         {{"FILE", "ramet.yaml when not given", Count::optional}},
         {},
         validate},
        {"config schema", "print the JSON Schema of ramet.yaml", {}, {}, print_schema},
        {"config support", "print which key works on which target", {}, {}, print_support},
        {"storage init",
         "make a store whose files can share blocks, as root",
         {},
         {data_directory, {"--size", "GIB", "the most it can grow to (64)"}},
         init_storage},
        {"storage status", "show how databases are cloned here", {}, {data_directory}, show_storage},
        {"storage remove", "remove the store and all golden copies", {}, {data_directory}, remove_storage},
    };
}

}  // namespace ramet::daemon
