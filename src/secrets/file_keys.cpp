#include "secrets/file_keys.hpp"

#include "base/file_lock.hpp"
#include "base/sodium.hpp"
#include "base/text.hpp"
#include "secrets/cipher.hpp"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <mutex>

namespace ramet::secrets {
namespace {

constexpr std::string_view header = "ramet-keys 1";
/// Another server needs milliseconds; one that stands still is not waited for while the store is locked.
constexpr Milliseconds patience{2'000};

/// 16 hexadecimal digits of a keyed hash: tells nothing about the key.
std::string id_of(const SecretBytes& key)
{
    constexpr std::string_view purpose = "ramet key id";
    std::array<unsigned char, crypto_generichash_BYTES_MIN> hash{};
    crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(purpose.data()), purpose.size(),
                       key.bytes().data(), key.size());
    std::array<char, 17> digits{};
    sodium_bin2hex(digits.data(), digits.size(), hash.data(), 8);
    return digits.data();
}

Result<SecretBytes> parse_key(std::string_view digits)
{
    auto key = SecretBytes::random(key_size);
    std::size_t size = 0;
    auto* out = const_cast<unsigned char*>(key.bytes().data());
    const int status = sodium_hex2bin(out, key_size, digits.data(), digits.size(), nullptr, &size, nullptr);
    if (status != 0 || size != key_size || digits.size() != 2 * key_size)
        return fail(ErrorKind::integrity, "a key is not 64 hexadecimal digits");
    return key;
}

void append_hex(std::string& out, const SecretBytes& key)
{
    std::array<char, 2 * key_size + 1> digits{};
    sodium_bin2hex(digits.data(), digits.size(), key.bytes().data(), key.size());
    out.append(digits.data());
    sodium_memzero(digits.data(), digits.size());
}

Result<void> check_mode(const Path& path)
{
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return std::unexpected(os_error("reading the keys in", path));
    if ((status.st_mode & 0077U) == 0) return {};
    Error error{ErrorKind::forbidden,
                fmt::format("reading the keys in {}: others than its owner may read it", path.string())};
    error.next_step = fmt::format("chmod 600 {}", path.string());
    return std::unexpected(std::move(error));
}

}  // namespace

FileKeys::Key FileKeys::make_key()
{
    auto bytes = SecretBytes::random(key_size);
    auto id = id_of(bytes);
    return {std::move(id), std::move(bytes)};
}

Result<FileKeys::Key> FileKeys::parse_line(const std::string& line)
{
    const auto space = line.find(' ');
    if (space == std::string::npos) return fail(ErrorKind::integrity, "a line is not an id and a key");
    auto bytes = TRY(parse_key(std::string_view(line).substr(space + 1)));
    auto id = line.substr(0, space);
    if (id != id_of(bytes)) return fail(ErrorKind::integrity, "the key {} is not what was written", id);
    return Key{std::move(id), std::move(bytes)};
}

Result<std::unique_ptr<FileKeys>> FileKeys::create(const Path& path)
{
    ensure_sodium();
    if (TRY(look_for(path))) return fail(ErrorKind::conflict, "the key file {} exists already", path.string());
    Content content;
    content.keys.push_back(make_key());
    content.stamp = TRY(save(path, content.keys));
    return std::unique_ptr<FileKeys>(new FileKeys(path, std::move(content)));
}

Result<std::vector<FileKeys::Key>> FileKeys::parse(const std::vector<std::string>& lines)
{
    if (lines.empty() || lines.front() != header)
        return fail(ErrorKind::integrity, "its first line is not \"{}\"", header);
    std::vector<Key> keys;
    for (std::size_t i = 1; i < lines.size(); ++i)
        if (!lines[i].empty()) keys.push_back(TRY(parse_line(lines[i])));
    if (keys.empty()) return fail(ErrorKind::integrity, "it holds no key");
    return keys;
}

Result<FileKeys::Content> FileKeys::read(const Path& path)
{
    TRY(check_mode(path));
    // Before the content: what is written in between is read once more next time.
    const auto stamp = TRY(stamp_of(path));
    auto text = TRY(read_file(path, 1U << 20U));
    auto lines = split(text, '\n');
    auto keys = parse(lines);
    sodium_memzero(text.data(), text.size());
    for (auto& line : lines) sodium_memzero(line.data(), line.size());
    if (!keys) return fail_in(keys.error(), "reading the keys in " + path.string());
    return Content{std::move(*keys), stamp};
}

Result<std::unique_ptr<FileKeys>> FileKeys::open(const Path& path)
{
    ensure_sodium();
    return std::unique_ptr<FileKeys>(new FileKeys(path, TRY(read(path))));
}

Result<FileKeys::Stamp> FileKeys::stamp_of(const Path& path)
{
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return std::unexpected(os_error("reading the keys in", path));
    return Stamp{status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

Result<void> FileKeys::refresh_locked()
{
    if (TRY(stamp_of(path_)) == stamp_) return {};
    auto content = TRY(read(path_));
    keys_ = std::move(content.keys);
    stamp_ = content.stamp;
    return {};
}

Result<void> FileKeys::refresh()
{
    const std::unique_lock lock(mutex_);
    return refresh_locked();
}

Result<void> FileKeys::replace_locked(std::vector<Key> keys)
{
    stamp_ = TRY(save(path_, keys));
    keys_ = std::move(keys);
    return {};
}

std::string FileKeys::current_key_id() const
{
    const std::shared_lock lock(mutex_);
    return keys_.front().id;
}

std::vector<std::string> FileKeys::key_ids() const
{
    const std::shared_lock lock(mutex_);
    std::vector<std::string> ids;
    for (const auto& key : keys_) ids.push_back(key.id);
    return ids;
}

Result<WrappedKey> FileKeys::wrap(const SecretBytes& data_key, std::string_view context)
{
    // A key that another server has replaced must not be used any more: it goes when nothing is wrapped under it.
    TRY(refresh());
    const std::shared_lock lock(mutex_);
    const auto& key = keys_.front();
    return WrappedKey{key.id, encrypt(key.bytes, data_key.reveal(), key.id + std::string(context))};
}

Result<SecretBytes> FileKeys::unwrap(const WrappedKey& wrapped, std::string_view context)
{
    const auto ids = key_ids();
    if (std::ranges::find(ids, wrapped.key_id) == ids.end()) TRY(refresh());
    const std::shared_lock lock(mutex_);
    const auto key = std::ranges::find(keys_, wrapped.key_id, &Key::id);
    if (key == keys_.end()) {
        Error error{ErrorKind::not_found,
                    fmt::format("no key-encryption key is called {} in {}", wrapped.key_id, path_.string())};
        error.next_step = "restore the key file that belongs to this data directory";
        return std::unexpected(std::move(error));
    }
    return decrypt(key->bytes, wrapped.bytes, key->id + std::string(context));
}

/// From a look at the file until it is replaced, against other servers: what one of them changed in between would be lost. The
/// directory is what is locked, as the file becomes another one.
Result<Fd> FileKeys::keep_others_out() const
{
    const auto directory = path_.parent_path();
    Fd opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened) return std::unexpected(os_error("opening", directory));
    TRY(lock_within(opened, directory, patience));
    return opened;
}

Result<std::string> FileKeys::rotate()
{
    const std::unique_lock lock(mutex_);
    const auto held = TRY(keep_others_out());
    TRY(refresh_locked());
    std::vector<Key> keys;
    keys.push_back(make_key());
    for (const auto& key : keys_) keys.push_back({key.id, key.bytes.clone()});
    TRY(replace_locked(std::move(keys)));
    return keys_.front().id;
}

Result<void> FileKeys::retire_old_keys(std::string_view current)
{
    const std::unique_lock lock(mutex_);
    const auto held = TRY(keep_others_out());
    TRY(refresh_locked());
    if (keys_.front().id != current)
        return fail(ErrorKind::unavailable, "the keys in {} were rotated again meanwhile", path_.string());
    std::vector<Key> keys;
    keys.push_back({keys_.front().id, keys_.front().bytes.clone()});
    return replace_locked(std::move(keys));
}

Result<FileKeys::Stamp> FileKeys::save(const Path& path, const std::vector<Key>& keys)
{
    std::string text;
    // Reserved at once: growing would leave copies of keys in memory that was given back.
    text.reserve(header.size() + 1 + keys.size() * 128);
    text.append(header).append("\n");
    for (const auto& key : keys) {
        text.append(key.id).append(" ");
        append_hex(text, key.bytes);
        text.append("\n");
    }
    const auto written = write_file(path, text, 0600);
    sodium_memzero(text.data(), text.size());
    if (!written) return std::unexpected(written.error());
    return stamp_of(path);
}

}  // namespace ramet::secrets
