#pragma once

#include "base/file.hpp"
#include "secrets/key_provider.hpp"

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
/// An id is a hash of its key, so that a damaged file is noticed before anything is sealed with it.
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
    /// Ends a rotation: drops all but the current key. Only when nothing is wrapped under them any more.
    Result<void> retire_old_keys();
    /// Ids of the keys that are held, the current one first.
    std::vector<std::string> key_ids() const;

private:
    struct Key {
        std::string id;
        SecretBytes bytes;
    };

    explicit FileKeys(Path path, std::vector<Key> keys) : path_(std::move(path)), keys_(std::move(keys)) {}
    static Key make_key();
    static Result<Key> parse_line(const std::string& line);
    static Result<std::vector<Key>> parse(const std::vector<std::string>& lines);
    Result<void> save(const std::vector<Key>& keys) const;

    const Path path_;
    mutable std::shared_mutex mutex_;
    std::vector<Key> keys_;
};

}  // namespace ramet::secrets
