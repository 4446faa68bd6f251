#pragma once

#include "secrets/file_keys.hpp"
#include "support/temporary.hpp"

#include <memory>

namespace ramet::secrets {

/// A fresh key file, gone at the end of the test.
class TestKeys {
public:
    FileKeys& operator*() { return *keys_; }
    FileKeys* operator->() { return keys_.get(); }
    Path path() const { return directory_ / "keys"; }

private:
    testing::TemporaryDirectory directory_;
    std::unique_ptr<FileKeys> keys_ = FileKeys::create(directory_ / "keys").value();
};

}  // namespace ramet::secrets
