#include "target.hpp"

#include "net/body_decoder.hpp"

#include <algorithm>

namespace ramet::fuzz {

namespace {

using namespace net;

struct Decoded {
    std::string content;
    std::size_t consumed = 0;
    bool is_done = false;
    bool is_bad = false;
    friend bool operator==(const Decoded&, const Decoded&) = default;
};

/// Gives it to the decoder in pieces of this size.
Decoded decode(BodyDecoder decoder, std::string_view input, std::size_t piece)
{
    Decoded decoded;
    while (!input.empty() && !decoder.is_done() && !decoder.is_bad()) {
        std::string part(input.substr(0, piece));
        const auto step = decoder.decode(part.data(), part.size());
        require(step.consumed <= part.size() && step.content <= step.consumed, "{} of {} bytes eaten, {} of content",
                step.consumed, part.size(), step.content);
        decoded.content.append(part, 0, step.content);
        decoded.consumed += step.consumed;
        require(step.consumed == part.size() || decoder.is_done() || decoder.is_bad(), "it stands still");
        input.remove_prefix(step.consumed);
    }
    decoded.is_done = decoder.is_done();
    decoded.is_bad = decoder.is_bad();
    return decoded;
}

std::string chunked(std::string_view content)
{
    std::string text;
    for (std::size_t size = 1; !content.empty(); size = size * 2 + 1) {
        const auto part = content.substr(0, size);
        text += fmt::format("{:x}\r\n{}\r\n", part.size(), part);
        content.remove_prefix(part.size());
    }
    return text + "0\r\n\r\n";
}

void run(std::string_view input)
{
    RequestHead head;
    head.chunked = true;
    const auto decoder = BodyDecoder::of_request(head);
    const auto whole = decode(decoder, input, input.size());
    require(!(whole.is_done && whole.is_bad), "both done and bad");
    for (const std::size_t piece : {1U, 2U, 7U}) {
        auto parts = decode(decoder, input, piece);
        // How much of a bad body was looked at depends on the pieces; what is told about it does not.
        if (whole.is_bad) parts.consumed = whole.consumed, parts.content = whole.content;
        require(parts == whole, "in pieces of {} it is another body", piece);
    }
    const auto written = chunked(input);
    const auto read = decode(decoder, written + "GET / HTTP/1.1", written.size() + 3);
    require(read.is_done && read.content == input && read.consumed == written.size(),
            "what was written is not what is read");
}

std::vector<std::string> seeds()
{
    return {"0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n",
            "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n", "000\r\n\r\n"};
}

}  // namespace

const Target& http_body_target()
{
    static const Target target{"http_body",
                               seeds,
                               {"\r\n", "\n", "\r", ";", "0\r\n", "ffffffffffffffff\r\n", "10000000000000000\r\n",
                                "-1\r\n", "+3\r\n", "0x3\r\n", " 3\r\n", "3 \r\n", "Content-Length: 1\r\n"},
                               run};
    return target;
}

}  // namespace ramet::fuzz
