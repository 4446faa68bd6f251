#include "secrets/envelope.hpp"

#include "secrets/cipher.hpp"

#include <optional>

namespace ramet::secrets {
namespace {

constexpr std::string_view magic = "RSE\x01";

/// Cuts pieces off the front; nothing when too little is left.
std::optional<std::string_view> take(std::string_view& rest, std::size_t size)
{
    if (rest.size() < size) return std::nullopt;
    const auto piece = rest.substr(0, size);
    rest.remove_prefix(size);
    return piece;
}

/// A piece that is preceded by its length in `width` bytes, big endian.
std::optional<std::string_view> take_prefixed(std::string_view& rest, std::size_t width)
{
    const auto length = take(rest, width);
    if (!length) return std::nullopt;
    std::size_t size = 0;
    for (const char byte : *length) size = (size << 8U) | static_cast<unsigned char>(byte);
    return size == 0 ? std::nullopt : take(rest, size);
}

void append_prefixed(std::string& out, std::string_view piece, std::size_t width)
{
    for (std::size_t i = width; i-- > 0;) out.push_back(static_cast<char>((piece.size() >> (8U * i)) & 0xffU));
    out.append(piece);
}

/// The same identity in another role: a wrapped key can never pass for a sealed text.
std::string key_context(const SecretIdentity& identity)
{
    return "ramet data key" + associated_data(identity);
}

Result<void> check_sizes(const WrappedKey& key)
{
    if (!key.key_id.empty() && key.key_id.size() <= 0xff && !key.bytes.empty() && key.bytes.size() <= 0xffff) return {};
    return fail(ErrorKind::internal, "the key provider gave a wrapped key of {} bytes under an id of {} bytes",
                key.bytes.size(), key.key_id.size());
}

}  // namespace

Result<Envelope> parse_envelope(std::string_view bytes)
{
    const auto head = take(bytes, magic.size());
    if (head != magic) return fail(ErrorKind::integrity, "this is no sealed envelope of a format that is known here");
    const auto key_id = take_prefixed(bytes, 1);
    const auto wrapped = key_id ? take_prefixed(bytes, 2) : std::nullopt;
    if (!wrapped || bytes.size() < nonce_size + tag_size)
        return fail(ErrorKind::integrity, "a sealed envelope is cut off");
    return Envelope{{std::string(*key_id), std::string(*wrapped)}, std::string(bytes)};
}

std::string to_bytes(const Envelope& envelope)
{
    std::string out(magic);
    append_prefixed(out, envelope.key.key_id, 1);
    append_prefixed(out, envelope.key.bytes, 2);
    return out + envelope.sealed;
}

Result<std::string> seal(KeyProvider& keys, const SecretIdentity& identity, const SecretBytes& plaintext)
{
    const auto data_key = SecretBytes::random(key_size);
    Envelope envelope;
    envelope.key = TRY(keys.wrap(data_key, key_context(identity)));
    TRY(check_sizes(envelope.key));
    envelope.sealed = encrypt(data_key, plaintext.reveal(), associated_data(identity));
    return to_bytes(envelope);
}

Result<SecretBytes> open(KeyProvider& keys, const SecretIdentity& identity, std::string_view envelope)
{
    const auto what = "opening " + describe(identity);
    const auto parsed = parse_envelope(envelope);
    if (!parsed) return fail_in(parsed.error(), what);
    const auto data_key = keys.unwrap(parsed->key, key_context(identity));
    if (!data_key) return fail_in(data_key.error(), what);
    auto plaintext = decrypt(*data_key, parsed->sealed, associated_data(identity));
    if (!plaintext) return fail_in(plaintext.error(), what);
    return plaintext;
}

Result<std::string> rewrap(KeyProvider& keys, const SecretIdentity& identity, std::string_view envelope)
{
    auto parsed = TRY(parse_envelope(envelope));
    const auto data_key = keys.unwrap(parsed.key, key_context(identity));
    if (!data_key) return fail_in(data_key.error(), "wrapping anew the key of " + describe(identity));
    parsed.key = TRY(keys.wrap(*data_key, key_context(identity)));
    TRY(check_sizes(parsed.key));
    return to_bytes(parsed);
}

}  // namespace ramet::secrets
