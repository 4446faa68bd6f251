#include "target.hpp"

#include "shim/message.hpp"

namespace ramet::fuzz {

namespace {

using shim::Message;

void run(std::string_view input)
{
    if (const auto message = Message::decode(input)) {
        const auto again = Message::decode(message->encode());
        require(again && again->lines() == message->lines(), "written and read it is another message");
        (void)message->number("port", -1);
    }
    // Whatever a value holds, it stays one value of one message.
    Message made;
    made.add("text", input);
    made.add("after", "here");
    const auto read = Message::decode(made.encode());
    require(read && read->lines().size() == 2 && read->get("text") == input && read->get("after") == "here",
            "a value breaks out of its line");
}

std::vector<std::string> seeds()
{
    return {"request status\n\n", "ok\npid 17\npid 18\nlog a\\nb\\\\c\n\n", "error it \\r failed\n\n", "key \n\n"};
}

}  // namespace

const Target& shim_message_target()
{
    static const Target target{"shim_message", seeds, {"\n", "\n\n", "\\", "\\n", "\\x", " ", "request ", "ok\n"}, run};
    return target;
}

}  // namespace ramet::fuzz
