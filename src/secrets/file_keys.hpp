#pragma once

#include "base/file.hpp"
#include "secrets/key_provider.hpp"

#include <cstdint>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

namespace ramet::secrets {

/// Key-encryption keys in a file of mode 0600 that lies outside the database. Its text:
///
///     ramet-keys 1
///     <id> <64 hexadecimal digits>      the current key
///     <id> <64 hexadecimal digits>      older ones, until rotation has finished
///
/// An id is a hash of its key, so that a damaged file is noticed before anything is sealed with it. Several servers may share the
/// file: what another one changed in it is read before a key is used.
class FileKeys final : public KeyProvider {
public:
    /// `conflict` when the file is there already.
    static Result<std::unique_ptr<FileKeys>> create(const Path& path);
    /// `not_found` when it is absent, `forbidden` when others may read it, `integrity` when it is damaged.
    static Result<std::unique_ptr<FileKeys>> open(const Path& path);

    std::string current_key_id() const override;
    Result<WrappedKey> wrap(const SecretBytes& data_key, std::string_view context) override;
    Result<SecretBytes> unwrap(const WrappedKey& wrapped, std::string_view context) override;

    /// Begins a rotation: a new current key, durable before this returns; the older ones still unwrap. Returns its id.
    Result<std::string> rotate();
    /// Ends a rotation: drops all but the key `current`. Only when nothing is wrapped under them any more. `unavailable` when another
    /// server has begun the next one meanwhile.
    Result<void> retire_old_keys(std::string_view current);
    /// Reads what another server may have changed; nothing to do when the file is the same.
    Result<void> refresh();
    /// Ids of the keys that are held, the current one first.
    std::vector<std::string> key_ids() const;

private:
    struct Key {
        std::string id;
        SecretBytes bytes;
    };

    /// Tells one state of the file from another: it is always replaced as a whole.
    struct Stamp {
        std::uint64_t inode = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        friend bool operator==(const Stamp&, const Stamp&) = default;
    };
    struct Content {
        std::vector<Key> keys;
        Stamp stamp;
    };

    explicit FileKeys(Path path, Content content)
        : path_(std::move(path)), keys_(std::move(content.keys)), stamp_(content.stamp)
    {
    }
    static Result<Content> read(const Path& path);
    Result<Fd> keep_others_out() const;
    /// Under the lock for writing.
    Result<void> refresh_locked();
    Result<void> replace_locked(std::vector<Key> keys);
    static Key make_key();
    static Result<Key> parse_line(const std::string& line);
    static Result<std::vector<Key>> parse(const std::vector<std::string>& lines);
    static Result<Stamp> save(const Path& path, const std::vector<Key>& keys);
    static Result<Stamp> stamp_of(const Path& path);

    const Path path_;
    mutable std::shared_mutex mutex_;
    std::vector<Key> keys_;
    Stamp stamp_;
};

}  // namespace ramet::secrets
