// The same targets for libFuzzer (RAMET_FUZZERS=ON, clang): one program for each, named by RAMET_FUZZ_TARGET.

#include "target.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    try {
        ramet::fuzz::RAMET_FUZZ_TARGET().run({reinterpret_cast<const char*>(data), size});
    } catch (const ramet::fuzz::Broken& broken) {
        std::fprintf(stderr, "%s\n", broken.what.c_str());
        std::abort();
    }
    return 0;
}
