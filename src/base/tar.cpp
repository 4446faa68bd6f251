#include "base/tar.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace ramet {

namespace {

constexpr std::size_t block = 512;

/// One field of a header: its place, and how wide it is (IEEE Std 1003.1, pax, "ustar Interchange Format").
struct Field {
    std::size_t at;
    std::size_t width;
};
constexpr Field name{0, 100}, mode{100, 8}, user{108, 8}, group{116, 8}, size{124, 12}, modified_at{136, 12},
    checksum{148, 8}, type{156, 1}, magic{257, 8};

void put(std::string& header, Field field, std::string_view text)
{
    header.replace(field.at, std::min(field.width, text.size()), text.substr(0, field.width));
}

std::string octal(std::size_t number, Field field)
{
    return fmt::format("{:0{}o}", number, field.width - 1);
}

std::string_view get(std::string_view header, Field field)
{
    const auto text = header.substr(field.at, field.width);
    return text.substr(0, text.find('\0'));
}

std::size_t sum_of(std::string_view header)
{
    std::size_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    return sum;
}

std::string header_of(const TarFile& file, std::time_t modified)
{
    std::string header(block, '\0');
    put(header, name, file.name);
    put(header, mode, octal(0600, mode));
    put(header, user, octal(0, user));
    put(header, group, octal(0, group));
    put(header, size, octal(file.content.size(), size));
    put(header, modified_at, octal(static_cast<std::size_t>(modified), modified_at));
    put(header, type, "0");
    put(header, magic, std::string_view("ustar\00000", 8));
    // The sum is taken with blanks in its own place.
    put(header, checksum, "        ");
    const auto sum = sum_of(header);
    put(header, checksum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return header;
}

/// Digits up to a blank; nothing for anything else.
std::optional<std::size_t> parse_octal(std::string_view text)
{
    std::size_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number, 8);
    if (problem != std::errc() || (rest != end && *rest != ' ')) return std::nullopt;
    return number;
}

/// The size of the file that the header is of.
Result<std::size_t> check_header(std::string_view header)
{
    auto unsummed = std::string(header);
    put(unsummed, checksum, "        ");
    const auto sum = parse_octal(get(header, checksum));
    if (!sum || *sum != sum_of(unsummed)) return fail(ErrorKind::integrity, "a header of the archive was altered");
    const auto bytes = parse_octal(get(header, size));
    if (header.substr(magic.at, 5) != "ustar" || get(header, type) != "0" || !bytes || get(header, name).empty())
        return fail(ErrorKind::integrity, "the archive holds something else than plain files");
    return *bytes;
}

}  // namespace

std::string make_tar(const std::vector<TarFile>& files, std::time_t modified)
{
    std::string archive;
    for (const auto& file : files) {
        archive += header_of(file, modified);
        archive += file.content;
        archive.resize((archive.size() + block - 1) / block * block, '\0');
    }
    archive.resize(archive.size() + 2 * block, '\0');
    return archive;
}

Result<std::vector<TarFile>> parse_tar(std::string_view archive)
{
    std::vector<TarFile> files;
    const std::string end(2 * block, '\0');
    while (!archive.starts_with(end)) {
        if (archive.size() < block) return fail(ErrorKind::integrity, "the archive is cut off");
        const auto header = archive.substr(0, block);
        const auto bytes = TRY(check_header(header));
        const auto blocks = (bytes + block - 1) / block * block;
        if (archive.size() - block < blocks) return fail(ErrorKind::integrity, "the archive is cut off");
        files.push_back({std::string(get(header, name)), std::string(archive.substr(block, bytes))});
        archive.remove_prefix(block + blocks);
    }
    return files;
}

}  // namespace ramet
