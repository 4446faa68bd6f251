#include "cli/tar.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace ramet::cli {

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
    std::size_t sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    put(header, checksum, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
    return header;
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

}  // namespace ramet::cli
