#include "net/body_decoder.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>
#include <rapidcheck.h>

#include <string>

namespace ramet::net {

namespace {

BodyDecoder chunked_decoder()
{
    RequestHead head;
    head.chunked = true;
    return BodyDecoder::of_request(head);
}

struct Decoded {
    std::string content;
    std::size_t consumed = 0;
};

/// Feeds the text in pieces of the given size.
Decoded decode(BodyDecoder& decoder, std::string text, std::size_t piece_size)
{
    Decoded decoded;
    while (decoded.consumed < text.size() && !decoder.is_done() && !decoder.is_bad()) {
        auto* piece = text.data() + decoded.consumed;
        const auto step = decoder.decode(piece, std::min(piece_size, text.size() - decoded.consumed));
        decoded.content.append(piece, step.content);
        decoded.consumed += step.consumed;
    }
    return decoded;
}

}  // namespace

TEST_CASE("a counted body ends where its length says")
{
    RequestHead head;
    head.content_length = 5;
    auto decoder = BodyDecoder::of_request(head);
    const auto decoded = decode(decoder, "helloNEXT", 100);
    CHECK(decoded.content == "hello");
    CHECK(decoded.consumed == 5);
    CHECK(decoder.is_done());
    head.content_length = 0;
    CHECK(BodyDecoder::of_request(head).is_done());
}

TEST_CASE("which responses have a body")
{
    struct Case {
        int status;
        std::string_view method;
        BodyKind want;
    };
    const Case cases[] = {{200, "GET", BodyKind::until_close}, {200, "HEAD", BodyKind::none},
                          {204, "GET", BodyKind::none},        {304, "GET", BodyKind::none},
                          {101, "GET", BodyKind::none},        {404, "POST", BodyKind::until_close}};
    for (const auto& [status, method, want] : cases) {
        CAPTURE(status);
        CAPTURE(method);
        ResponseHead head;
        head.status = status;
        CHECK(BodyDecoder::of_response(head, method).kind() == want);
    }
}

TEST_CASE("a chunked body that is malformed is bad")
{
    for (const std::string text :
         {"\r\n", "g\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1\n", "1\r\nab", "1\r\na\n", "1\r\na\r\r", "1;a\nb\r\n",
          "0\r\n\rx", "0\r\n x", "0\r\na: b\n", "0\r\na\x01: b\r\n", "fffffffffffffffff\r\n", "1\rx"}) {
        CAPTURE(text);
        for (const std::size_t piece : {1U, 100U}) {
            auto decoder = chunked_decoder();
            decode(decoder, text, piece);
            CHECK(decoder.is_bad());
        }
    }
    auto decoder = chunked_decoder();
    decode(decoder, "1;" + std::string(20'000, 'x'), 1000);
    CHECK(decoder.is_bad());
}

TEST_CASE("a cut off body is told from a complete one")
{
    ResponseHead head;
    head.status = 200;
    auto endless = BodyDecoder::of_response(head, "GET");
    CHECK(endless.end_of_input());
    head.content_length = 3;
    auto counted = BodyDecoder::of_response(head, "GET");
    CHECK_FALSE(counted.end_of_input());
    auto chunked = chunked_decoder();
    decode(chunked, "3\r\nabc\r\n", 100);
    CHECK_FALSE(chunked.end_of_input());
}

TEST_CASE("whatever is chunked, however it is cut into pieces, the same content comes out and what follows is left")
{
    CHECK(rc::check("chunked round trip", [] {
        std::string content;
        std::string encoded;
        for (const auto& chunk : *rc::gen::arbitrary<std::vector<std::string>>()) {
            if (chunk.empty()) continue;
            content += chunk;
            const bool upper = *rc::gen::arbitrary<bool>();
            encoded += upper ? fmt::format("0{:X};x=\"y\"\r\n", chunk.size()) : fmt::format("{:x}\r\n", chunk.size());
            encoded += chunk + "\r\n";
        }
        encoded += *rc::gen::element<std::string>("0\r\n\r\n", "000\r\nA: b\r\nC: d\r\n\r\n", "0;x\r\n\r\n");
        auto decoder = chunked_decoder();
        const auto decoded = decode(decoder, encoded + "GET / ", *rc::gen::inRange<std::size_t>(1, 40));
        RC_ASSERT(decoder.is_done());
        RC_ASSERT(decoded.content == content);
        RC_ASSERT(decoded.consumed == encoded.size());
    }));
}

TEST_CASE("arbitrary bytes never give more content than they have")
{
    CHECK(rc::check("arbitrary chunks", [] {
        const auto alphabet = rc::gen::elementOf(std::string("0123aF;\r\n\r\nx: "));
        const auto text = *rc::gen::container<std::string>(alphabet);
        auto decoder = chunked_decoder();
        const auto decoded = decode(decoder, text, *rc::gen::inRange<std::size_t>(1, 10));
        RC_ASSERT(decoded.consumed <= text.size());
        RC_ASSERT(decoded.content.size() <= decoded.consumed);
    }));
}

}  // namespace ramet::net
