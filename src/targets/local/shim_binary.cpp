#include "targets/local/shim_client.hpp"

#include "base/hash.hpp"

#include <sys/stat.h>

// The program is linked in as bytes. `.balign` for tidiness only: it is copied, never run from here.
asm(R"(
    .section .rodata
    .balign 16
    .global ramet_shim_begin
    .global ramet_shim_end
ramet_shim_begin:
    .incbin ")" RAMET_SHIM_BINARY R"("
ramet_shim_end:
    .byte 0
    .text
)");

extern "C" {
extern const char ramet_shim_begin[];
extern const char ramet_shim_end[];
}

namespace ramet::targets::local {

Result<Path> ensure_shim_binary(const Path& directory)
{
    const std::string_view bytes(ramet_shim_begin, static_cast<std::size_t>(ramet_shim_end - ramet_shim_begin));
    // The name holds the hash: a new version lies beside the old one, which running shims go on using.
    const auto path = directory / ("ramet-shim-" + sha256_hex(bytes).substr(0, 16));
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 && static_cast<std::size_t>(status.st_size) == bytes.size()) return path;
    TRY(ensure_directory(directory, 0700));
    TRY(write_file(path, bytes, 0700));
    return path;
}

}  // namespace ramet::targets::local
