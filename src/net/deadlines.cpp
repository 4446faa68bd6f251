#include "net/deadlines.hpp"

namespace ramet::net {

Timed::~Timed()
{
    if (owner_) owner_->remove(*this);
}

Deadlines::~Deadlines()
{
    while (first_) remove(*first_);
}

void Deadlines::set(Timed& timed, Instant deadline)
{
    timed.deadline_ = deadline;
    if (!timed.owner_) add(timed);
}

void Deadlines::add(Timed& timed)
{
    timed.owner_ = this;
    timed.next_ = first_;
    if (first_) first_->previous_ = &timed;
    first_ = &timed;
    if (!armed_) arm();
}

void Deadlines::remove(Timed& timed)
{
    if (cursor_ == &timed) cursor_ = timed.next_;
    if (timed.previous_)
        timed.previous_->next_ = timed.next_;
    else
        first_ = timed.next_;
    if (timed.next_) timed.next_->previous_ = timed.previous_;
    timed.previous_ = timed.next_ = nullptr;
    timed.owner_ = nullptr;
}

void Deadlines::arm()
{
    armed_ = true;
    timer_.expires_after(std::chrono::milliseconds(250));
    timer_.async_wait([this](ErrorCode error) {
        if (error) return;
        armed_ = false;
        look();
        if (first_) arm();
    });
}

void Deadlines::look()
{
    const auto now = Deadlines::now();
    cursor_ = first_;
    while (cursor_) {
        auto* timed = cursor_;
        cursor_ = timed->next_;
        if (timed->deadline_ > now) continue;
        timed->deadline_ = Instant::max();
        timed->on_deadline();
    }
}

}  // namespace ramet::net
