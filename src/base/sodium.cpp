#include "base/sodium.hpp"

#include <sodium.h>

#include <cstdio>
#include <cstdlib>

namespace ramet {

void ensure_sodium()
{
    static const int status = sodium_init();
    if (status >= 0) return;
    // Without a generator of randomness nothing that follows would be safe.
    std::fputs("ramet: libsodium could not be initialised\n", stderr);
    std::abort();
}

}  // namespace ramet
