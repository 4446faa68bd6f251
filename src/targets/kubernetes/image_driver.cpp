#include "targets/kubernetes/image_driver.hpp"

#include "targets/values.hpp"

namespace ramet::targets::kubernetes {

namespace {

constexpr Milliseconds between_looks{2'000};

std::string image_of(const Json& spec)
{
    return get_string(get_member(get_member(spec, "object"), "data"), "image");
}

}  // namespace

Result<engine::Observation> ImageDriver::probe(const engine::Call& call, const engine::ResourceRef& ref)
{
    return notes_.probe(call, ref);
}

Result<engine::Acknowledged> ImageDriver::apply(const engine::Call& call, const engine::ResourceRef& ref,
                                                const engine::Token& token)
{
    TRY(parse_image_reference(image_of(ref.spec)));
    auto noted = TRY(notes_.apply(call, ref, token));
    noted.outputs.clear();
    return noted;
}

Result<std::optional<std::string>> ImageDriver::find_digest(const engine::Call& call, const engine::ResourceRef& ref)
{
    Registry::Question question{TRY(parse_image_reference(image_of(ref.spec)))};
    const auto& host = question.reference.registry;
    if (host != get_string(ref.spec, "registry")) return registries_.of_the_internet.find_digest(question, call.stop);
    if (const auto& login = get_member(ref.spec, "login"); !login.is_null())
        question.login = TRY(parse_registry_login(TRY(open_value(login, secrets_)), host));
    return registries_.of_target.find_digest(question, call.stop);
}

Result<engine::Readiness> ImageDriver::await(const engine::Call& call, const engine::ResourceRef& ref)
{
    const auto image = TRY(parse_image_reference(image_of(ref.spec)));
    const auto digest = find_digest(call, ref);
    if (!digest && is_transient(digest.error().kind))
        return engine::NotYet{.look_again_after = between_looks, .reason = digest.error().message};
    if (!digest) return engine::Failed{digest.error()};
    if (!*digest)
        return engine::NotYet{.look_again_after = between_looks,
                              .reason = fmt::format("{} is not in its registry yet", image_of(ref.spec))};
    return engine::Ready{{{"reference", image.pinned(**digest)}}};
}

Result<void> ImageDriver::remove(const engine::Call& call, const engine::DeletionProof& proof)
{
    return notes_.remove(call, proof);
}

engine::Driver::Change ImageDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    // Another reference is looked up anew; where it leads by now does not matter to one that was.
    const bool is_same =
        image_of(old_spec) == image_of(new_spec) && notes_.classify_change(old_spec, new_spec) != Change::replace;
    return is_same ? Change::keep : Change::replace;
}

}  // namespace ramet::targets::kubernetes
