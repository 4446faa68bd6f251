#pragma once

namespace ramet {

/// Makes libsodium ready, once per process; everything in base/ that uses it calls this first. Aborts when it cannot.
void ensure_sodium();

}  // namespace ramet
