#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ramet::targets::kubernetes {

/// "registry.example.com/shop/web:1.2" taken apart, as container runtimes read it.
struct ImageReference {
    std::string registry;    ///< "registry.example.com:5000"; "docker.io" where none is said
    std::string repository;  ///< "shop/web"; "library/redis" for Docker's own
    std::string tag;         ///< "latest" where neither tag nor digest is said
    std::string digest;      ///< "sha256:…", or empty: then the tag says which

    /// With that digest instead of a tag: always the same image.
    std::string pinned(std::string_view to_digest) const;
    friend bool operator==(const ImageReference&, const ImageReference&) = default;
};

/// `invalid` where no runtime would take it.
Result<ImageReference> parse_image_reference(std::string_view text);

/// "sha256:" and 64 digits of lower case.
bool is_digest(std::string_view text);

}  // namespace ramet::targets::kubernetes
