#pragma once

#include "base/result.hpp"
#include "base/secret_bytes.hpp"
#include "domain/value.hpp"

namespace ramet {

/// Opens a sealed secret at the moment of a driver's call. Implemented by secrets + storage.
class SecretOpener {
public:
    virtual ~SecretOpener() = default;
    /// not_found when this version was deleted; integrity when the seal does not open.
    virtual Result<SecretBytes> open(const SecretReference& reference) = 0;
};

}  // namespace ramet
