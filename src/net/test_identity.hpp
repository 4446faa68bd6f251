#pragma once
// For the tests of this folder: who a TLS server is.

#include <doctest/doctest.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <type_traits>

namespace ramet::net::testing {

template <typename T, void (*free)(T*)>
using Owned = std::unique_ptr<T, std::integral_constant<decltype(free), free>>;

inline std::string text_of(BIO* bio)
{
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

/// A key and a certificate for 127.0.0.1 that it signed itself.
struct Identity {
    Owned<EVP_PKEY, EVP_PKEY_free> key{EVP_EC_gen("P-256")};
    Owned<X509, X509_free> certificate{X509_new()};

    Identity()
    {
        auto* cert = certificate.get();
        X509_set_version(cert, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
        X509_gmtime_adj(X509_getm_notBefore(cert), -60);
        X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
        X509_set_pubkey(cert, key.get());
        auto* name = X509_get_subject_name(cert);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(cert, name);
        const Owned<X509_EXTENSION, X509_EXTENSION_free> names(
            X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1"));
        X509_add_ext(cert, names.get(), -1);
        REQUIRE(X509_sign(cert, key.get(), EVP_sha256()) > 0);
    }

    std::string certificate_pem() const
    {
        const Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_X509(bio.get(), certificate.get());
        return text_of(bio.get());
    }
    std::string key_pem() const
    {
        const Owned<BIO, BIO_free_all> bio(BIO_new(BIO_s_mem()));
        PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        return text_of(bio.get());
    }
};

}  // namespace ramet::net::testing
