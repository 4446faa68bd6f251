#include "base/secret_bytes.hpp"

#include <doctest/doctest.h>

#include <ostream>
#include <string>
#include <type_traits>

using namespace ramet;

namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(!std::is_convertible_v<SecretBytes, std::string_view>);
static_assert(!Printable<SecretBytes>);

}  // namespace

TEST_CASE("a secret holds its own copy of the plaintext")
{
    std::string plaintext = "correct horse";
    const SecretBytes secret(plaintext);
    plaintext.assign(plaintext.size(), 'x');
    CHECK(secret.reveal() == "correct horse");
    CHECK(secret.size() == 13);
    CHECK(secret.bytes().size() == 13);
    CHECK(secret.bytes()[0] == 'c');
}

TEST_CASE("an empty secret is a secret")
{
    const SecretBytes secret("");
    CHECK(secret.empty());
    CHECK(secret.reveal().empty());
    CHECK(secret.clone().empty());
    CHECK(SecretBytes().bytes().empty());
}

TEST_CASE("moving leaves nothing behind, cloning makes a second one")
{
    SecretBytes first("a");
    SecretBytes second = std::move(first);
    CHECK(first.empty());
    CHECK(second.reveal() == "a");
    auto third = second.clone();
    CHECK(third.reveal().data() != second.reveal().data());
    third = std::move(second);
    CHECK(third.reveal() == "a");
    CHECK(second.empty());
    auto& alias = third;
    third = std::move(alias);
    CHECK(third.reveal() == "a");
}

TEST_CASE("random secrets have the size asked for and differ")
{
    const auto first = SecretBytes::random(32);
    const auto second = SecretBytes::random(32);
    CHECK(first.size() == 32);
    CHECK(first.reveal() != second.reveal());
    CHECK(SecretBytes::random(0).empty());
}
