#include "fakes/memory_driver.hpp"

#include "engine/fill.hpp"

#include <chrono>
#include <thread>

namespace ramet::fakes {

using namespace engine;

std::optional<MemoryDriver::Fault> MemoryDriver::take_fault(const std::string& verb, const std::string& path)
{
    ++calls_;
    const auto found = faults_.find(verb + " " + path);
    if (found == faults_.end() || found->second.times == 0) return std::nullopt;
    --found->second.times;
    return found->second;
}

Result<Observation> MemoryDriver::probe(const Call&, const ResourceRef& ref)
{
    const std::lock_guard lock(mutex_);
    if (const auto fault = take_fault("probe", ref.path)) return std::unexpected(fault->error);
    const auto found = objects_.find(ref.name);
    if (found == objects_.end()) return Observation{};
    const auto& object = found->second;
    if (object.ref.mark != ref.mark) return Observation{Presence::foreign, "", "", "", "made by somebody else"};
    Observation observation{Presence::ours, "id-" + ref.name, object.identity, tells_specs_ ? object.spec_hash : ""};
    observation.is_intact = object.is_intact;
    return observation;
}

void MemoryDriver::damage(const std::string& path)
{
    const std::lock_guard lock(mutex_);
    for (auto& [name, object] : objects_)
        if (object.ref.path == path) object.is_intact = false;
}

void MemoryDriver::give_revisions(bool gives)
{
    const std::lock_guard lock(mutex_);
    gives_revisions_ = gives;
}

void MemoryDriver::tell_no_specs()
{
    const std::lock_guard lock(mutex_);
    tells_specs_ = false;
}

Result<Acknowledged> MemoryDriver::apply(const Call& call, const ResourceRef& ref, const Token&)
{
    std::unique_lock lock(mutex_);
    changes_.push_back("apply " + ref.path);
    while (blocked_[ref.path]) {
        if (call.stop.stop_requested()) return ramet::fail(ErrorKind::cancelled, "interrupted");
        lock.unlock();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        lock.lock();
    }
    const auto fault = take_fault("apply", ref.path);
    if (fault && !fault->is_done) return std::unexpected(fault->error);
    auto found = objects_.find(ref.name);
    if (found != objects_.end() && found->second.ref.mark != ref.mark)
        return ramet::fail(ErrorKind::conflict, "{} exists and is not ours", ref.name);
    if (found == objects_.end())
        found = objects_.emplace(ref.name, Object{ref, "identity-" + std::to_string(++identities_), ""}).first;
    auto& object = found->second;
    object.ref.spec = ref.spec;
    object.spec_hash = spec_hash(ref.spec);
    object.is_intact = true;
    ++object.revision;
    if (fault) return std::unexpected(fault->error);
    return Acknowledged{"id-" + ref.name, object.identity, {{"address", ref.name + ":1"}}};
}

Result<Readiness> MemoryDriver::await(const Call&, const ResourceRef& ref)
{
    const std::lock_guard lock(mutex_);
    if (const auto fault = take_fault("await", ref.path)) return std::unexpected(fault->error);
    if (broken_[ref.path])
        return Failed{Error{ErrorKind::unavailable, ref.path + " ended with code 1", "last line of its log"}};
    if (auto& looks = delays_[ref.path]; looks > 0) {
        --looks;
        return NotYet{Milliseconds{3}, "warming up"};
    }
    if (!gives_revisions_) return Ready{};
    return Ready{{{"revision", std::to_string(objects_[ref.name].revision)}}};
}

Result<void> MemoryDriver::remove(const Call&, const DeletionProof& proof)
{
    const std::lock_guard lock(mutex_);
    changes_.push_back("remove " + proof.resource.path);
    const auto fault = take_fault("remove", proof.resource.path);
    if (fault && !fault->is_done) return std::unexpected(fault->error);
    const auto found = objects_.find(proof.resource.name);
    if (found != objects_.end() && found->second.identity == proof.resource.identity) objects_.erase(found);
    if (fault) return std::unexpected(fault->error);
    return {};
}

Result<std::vector<InventoryItem>> MemoryDriver::inventory(const Call&, const std::string& install)
{
    const std::lock_guard lock(mutex_);
    if (const auto fault = take_fault("inventory", "")) return std::unexpected(fault->error);
    std::vector<InventoryItem> items;
    for (const auto& [name, object] : objects_)
        if (object.ref.mark.install == install)
            items.push_back({object.ref.kind, name, object.ref.mark, "id-" + name, object.identity, Time{}});
    return items;
}

Driver::Change MemoryDriver::classify_change(const Json& old_spec, const Json& new_spec) const
{
    return get_member(old_spec, "replace") == get_member(new_spec, "replace") ? Change::update : Change::replace;
}

void MemoryDriver::fail(const std::string& verb_and_path, Error error, int times)
{
    const std::lock_guard lock(mutex_);
    faults_[verb_and_path] = Fault{std::move(error), times, false};
}

void MemoryDriver::lose_answer(const std::string& verb_and_path, int times)
{
    const std::lock_guard lock(mutex_);
    faults_[verb_and_path] = Fault{Error{ErrorKind::timeout, "no answer"}, times, true};
}

void MemoryDriver::delay(const std::string& path, int looks)
{
    const std::lock_guard lock(mutex_);
    delays_[path] = looks;
}

void MemoryDriver::break_down(const std::string& path)
{
    const std::lock_guard lock(mutex_);
    broken_[path] = true;
}

void MemoryDriver::repair(const std::string& path)
{
    const std::lock_guard lock(mutex_);
    broken_[path] = false;
}

void MemoryDriver::block(const std::string& path)
{
    const std::lock_guard lock(mutex_);
    blocked_[path] = true;
}

void MemoryDriver::release(const std::string& path)
{
    const std::lock_guard lock(mutex_);
    blocked_[path] = false;
}

void MemoryDriver::put(const std::string& name, Object object)
{
    const std::lock_guard lock(mutex_);
    objects_[name] = std::move(object);
}

void MemoryDriver::erase(const std::string& name)
{
    const std::lock_guard lock(mutex_);
    objects_.erase(name);
}

std::map<std::string, MemoryDriver::Object> MemoryDriver::objects() const
{
    const std::lock_guard lock(mutex_);
    return objects_;
}

MemoryDriver::Object MemoryDriver::object(const std::string& path) const
{
    const std::lock_guard lock(mutex_);
    for (const auto& [name, object] : objects_)
        if (object.ref.path == path) return object;
    return {};
}

bool MemoryDriver::has(const std::string& path) const
{
    return !object(path).ref.path.empty();
}

std::vector<std::string> MemoryDriver::changes() const
{
    const std::lock_guard lock(mutex_);
    return changes_;
}

int MemoryDriver::calls() const
{
    const std::lock_guard lock(mutex_);
    return calls_;
}

}  // namespace ramet::fakes
