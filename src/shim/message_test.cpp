#include "shim/message.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using ramet::shim::Message;

TEST_CASE("a message reads back as it was written, whatever bytes its values hold")
{
    CHECK(rc::check([](const std::vector<std::string>& values) {
        Message message;
        for (const auto& value : values) message.add("key", value);
        const auto back = Message::decode(message.encode());
        RC_ASSERT(back.has_value());
        RC_ASSERT(back->lines() == message.lines());
    }));
}

TEST_CASE("what is not a whole message is refused")
{
    for (const std::string_view text :
         {"", "request status", "request status\n", "a b\n\nc d\n\n", "a \\x\n\n", "a b\\\n\n", "a b\n\n\n"}) {
        CAPTURE(text);
        CHECK_FALSE(Message::decode(text).has_value());
    }
}

TEST_CASE("values are found by their key")
{
    const auto message = Message::decode("ok \nport 8080\nargument a\nargument b c\nbad 12x\n\n");
    REQUIRE(message.has_value());
    CHECK(message->has("ok"));
    CHECK_FALSE(message->has("error"));
    CHECK(message->number("port") == 8080);
    CHECK(message->number("bad", 7) == 7);
    CHECK(message->number("absent", 9) == 9);
    CHECK(message->all("argument") == std::vector<std::string>{"a", "b c"});
    CHECK(message->get("argument") == "a");
}
