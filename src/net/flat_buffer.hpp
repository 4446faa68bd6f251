#pragma once
// Private to the server and the proxy.

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace ramet::net {

/// Bytes between a socket and a parser, always in one piece: filled at the back, eaten at the front.
class FlatBuffer {
public:
    explicit FlatBuffer(std::size_t capacity) : capacity_(capacity) {}

    std::string_view text() const { return {memory_.get() + begin_, end_ - begin_}; }
    char* data() { return memory_.get() + begin_; }
    std::size_t size() const { return end_ - begin_; }
    bool empty() const { return begin_ == end_; }

    /// Where to read to: moves what is there to the front when little room is left behind it. Invalidates `text()`.
    char* room()
    {
        if (!memory_) memory_ = std::make_unique_for_overwrite<char[]>(capacity_);
        if (begin_ == end_) begin_ = end_ = 0;
        if (begin_ > 0 && capacity_ - end_ < capacity_ / 2) move_to_front();
        return memory_.get() + end_;
    }
    std::size_t room_size() const { return capacity_ - end_; }
    bool is_full() const { return begin_ == 0 && end_ == capacity_; }

    void filled(std::size_t count) { end_ += count; }
    void eat(std::size_t count) { begin_ += count; }
    void clear() { begin_ = end_ = 0; }

    /// More capacity; what is there stays. Invalidates `text()`.
    void grow(std::size_t capacity)
    {
        auto memory = std::make_unique_for_overwrite<char[]>(capacity);
        if (!empty()) std::memcpy(memory.get(), data(), size());
        end_ -= begin_;
        begin_ = 0;
        memory_ = std::move(memory);
        capacity_ = capacity;
    }
    /// Gives the memory back; only when empty.
    void release()
    {
        memory_.reset();
        begin_ = end_ = 0;
    }
    std::size_t capacity() const { return capacity_; }

private:
    void move_to_front()
    {
        std::memmove(memory_.get(), data(), size());
        end_ -= begin_;
        begin_ = 0;
    }

    std::unique_ptr<char[]> memory_;
    std::size_t capacity_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
};

}  // namespace ramet::net
