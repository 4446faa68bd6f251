#include "secrets/fingerprint.hpp"

#include <doctest/doctest.h>

namespace ramet::secrets {

TEST_CASE("equal values of one project have equal fingerprints, those of two projects do not")
{
    const auto one = SecretBytes::random(32);
    const auto two = SecretBytes::random(32);
    CHECK(fingerprint(one, "value") == fingerprint(one, "value"));
    CHECK(fingerprint(one, "value") != fingerprint(one, "valuf"));
    CHECK(fingerprint(one, "value") != fingerprint(two, "value"));
    CHECK(fingerprint(one, "").size() == 64);
}

}  // namespace ramet::secrets
