#include "storage/sqlite.hpp"

#include "storage/sqlite_error.hpp"

#include <sqlite3.h>

#include <utility>

namespace ramet::storage {
namespace {

/// Ends one use of a compiled statement, whatever way it is left.
class Use {
public:
    explicit Use(sqlite3_stmt* statement) : statement_(statement) {}
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use()
    {
        sqlite3_reset(statement_);
        sqlite3_clear_bindings(statement_);
    }

private:
    sqlite3_stmt* statement_;
};

int bind(sqlite3_stmt* statement, int index, const Value& value)
{
    struct Binder {
        sqlite3_stmt* statement;
        int index;
        int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, index); }
        int operator()(std::int64_t number) const { return sqlite3_bind_int64(statement, index, number); }
        int operator()(double number) const { return sqlite3_bind_double(statement, index, number); }
        // An empty view may have no address, and a null address would bind NULL.
        int operator()(std::string_view text) const
        {
            return sqlite3_bind_text64(statement, index, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                                       SQLITE_UTF8);
        }
        int operator()(Blob blob) const
        {
            return sqlite3_bind_blob64(statement, index, blob.bytes.empty() ? "" : blob.bytes.data(), blob.bytes.size(),
                                       SQLITE_STATIC);
        }
    };
    return std::visit(Binder{statement, index}, value.content());
}

int flags_of(OpenMode mode)
{
    switch (mode) {
    case OpenMode::read_only: return SQLITE_OPEN_READONLY;
    case OpenMode::read_write: return SQLITE_OPEN_READWRITE;
    case OpenMode::create: return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    }
    return SQLITE_OPEN_READONLY;
}

/// Readers keep small caches, as there are several of them. Checkpoints: see `Checkpointer`.
std::string pragmas_of(OpenMode mode)
{
    std::string pragmas =
        "PRAGMA foreign_keys=ON; PRAGMA busy_timeout=10000; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;";
    if (mode == OpenMode::read_only) return pragmas + "PRAGMA query_only=ON; PRAGMA cache_size=-512;";
    return pragmas + "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192;";
}

class SqliteRow final : public Row {
public:
    explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}

    std::string text(int column) const override
    {
        // The order matters: asking for the bytes first would count them before a conversion.
        const auto* const bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
        const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
        return bytes == nullptr ? std::string() : std::string(bytes, size);
    }
    std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
    bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

private:
    sqlite3_stmt* statement_;
};

}  // namespace

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const Path& file, OpenMode mode)
{
    sqlite3* handle = nullptr;
    // No mutex of SQLite's own: whoever uses a connection holds it alone.
    const int code =
        sqlite3_open_v2(file.c_str(), &handle, flags_of(mode) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    std::unique_ptr<SqliteConnection> connection(new SqliteConnection(handle));
    if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle, code, "opening the database " + file.string()));
    TRY(connection->execute_script(pragmas_of(mode)));
    // Compiled now: it may be wanted when there is no memory to do so.
    TRY(connection->prepare("ROLLBACK"));
    return connection;
}

SqliteConnection::~SqliteConnection()
{
    for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
}

Result<sqlite3_stmt*> SqliteConnection::prepare(std::string_view sql)
{
    if (const auto known = statements_.find(sql); known != statements_.end()) return known->second;
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle_, code, "compiling " + std::string(sql)));
    statements_.emplace(sql, statement);
    return statement;
}

Result<std::int64_t> SqliteConnection::run(std::string_view sql, const Value* values, std::size_t count,
                                           const Visitor* visit)
{
    auto* const statement = TRY(prepare(sql));
    const Use use(statement);
    if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != count)
        return fail(ErrorKind::internal, "{} values for the parameters of: {}", count, sql);
    for (std::size_t i = 0; i < count; ++i) {
        const int code = bind(statement, static_cast<int>(i) + 1, values[i]);
        if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle_, code, "binding a value"));
    }
    for (;;) {
        const int code = sqlite3_step(statement);
        if (code == SQLITE_DONE) return sqlite3_changes64(handle_);
        if (code != SQLITE_ROW) return std::unexpected(sqlite_error(handle_, code, "the database"));
        if (visit != nullptr) TRY((*visit)(SqliteRow(statement)));
    }
}

Result<void> SqliteConnection::execute_script(const std::string& sql)
{
    const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle_, code, "the database"));
    return {};
}

Result<void> SqliteConnection::checkpoint(Checkpoint how)
{
    const int mode = how == Checkpoint::passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
    const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, nullptr, nullptr);
    if (code != SQLITE_OK) return std::unexpected(sqlite_error(handle_, code, "a checkpoint of the database"));
    return {};
}

void SqliteConnection::on_commit(std::function<void(int pages)> watcher)
{
    watcher_ = std::move(watcher);
    const auto hook = [](void* self, sqlite3*, const char*, int pages) {
        const auto& told = static_cast<SqliteConnection*>(self)->watcher_;
        if (told) told(pages);
        return SQLITE_OK;
    };
    sqlite3_wal_hook(handle_, hook, this);
}

Result<void> SqliteConnection::begin_writing()
{
    // One that could not be undone, for lack of memory perhaps, is undone now.
    roll_back();
    return step("BEGIN IMMEDIATE");
}

void SqliteConnection::roll_back()
{
    if (is_in_transaction()) (void)execute("ROLLBACK");
}

bool SqliteConnection::is_in_transaction() const
{
    return sqlite3_get_autocommit(handle_) == 0;
}

}  // namespace ramet::storage
