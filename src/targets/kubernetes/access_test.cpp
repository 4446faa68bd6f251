#include "targets/kubernetes/access.hpp"

#include "base/hash.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

namespace ramet::targets::kubernetes {

namespace {

class KubeconfigFile {
public:
    explicit KubeconfigFile(const std::string& text) { put("config", text); }

    void put(const std::string& name, const std::string& text) const
    {
        REQUIRE(write_file(folder_.path() / name, text));
    }
    Path path() const { return folder_.path() / "config"; }
    Result<ClusterAccess> read(const std::string& context = {}) const { return read_kubeconfig(path(), context); }

private:
    ramet::testing::TemporaryDirectory folder_;
};

/// Two contexts; `cluster` and `user` are the members of what "prod" leads to.
std::string kubeconfig(const std::string& cluster, const std::string& user)
{
    return "apiVersion: v1\nkind: Config\ncurrent-context: prod\n"
           "contexts:\n"
           "- {name: prod, context: {cluster: c1, user: u1, namespace: shop}}\n"
           "- {name: dev, context: {cluster: c2, user: u2}}\n"
           "clusters:\n- {name: c1, cluster: {" +
           cluster +
           "}}\n- {name: c2, cluster: {server: 'https://dev:6443/'}}\n"
           "users:\n- {name: u1, user: {" +
           user + "}}\n- {name: u2, user: {token: t2}}\n";
}

const std::string server = "server: 'https://10.0.0.1:6443'";

}  // namespace

TEST_CASE("a context leads to its cluster and its user; the current one when none is named")
{
    const KubeconfigFile file(kubeconfig(server, "token: secret-token"));
    const auto access = file.read();
    REQUIRE(access);
    CHECK(access->context == "prod");
    CHECK(access->server == "https://10.0.0.1:6443");
    CHECK(access->default_namespace == "shop");
    CHECK(access->token.reveal() == "secret-token");
    const auto other = file.read("dev");
    REQUIRE(other);
    CHECK(other->server == "https://dev:6443");
    CHECK(other->default_namespace == "default");
    CHECK(other->token.reveal() == "t2");
}

TEST_CASE("certificates stand in the file or beside it")
{
    const auto inside = [](std::string_view text) { return "'" + to_base64(text) + "'"; };
    const KubeconfigFile embedded(
        kubeconfig(server + ", certificate-authority-data: " + inside("CA"),
                   "client-certificate-data: " + inside("CERT") + ", client-key-data: " + inside("KEY")));
    const KubeconfigFile named(
        kubeconfig(server + ", certificate-authority: ca.crt", "client-certificate: c.crt, client-key: c.key"));
    for (const auto& [name, text] : {std::pair{"ca.crt", "CA"}, {"c.crt", "CERT"}, {"c.key", "KEY"}})
        named.put(name, text);
    for (const auto* file : {&embedded, &named}) {
        const auto access = file->read();
        REQUIRE(access);
        CHECK(access->authorities_pem == "CA");
        CHECK(access->certificate_pem == "CERT");
        CHECK(access->key_pem.reveal() == "KEY");
    }
}

TEST_CASE("a plugin keeps its arguments and variables; a path counts from the file")
{
    const KubeconfigFile file(
        kubeconfig(server, "exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, "
                           "args: [get, token], env: [{name: REGION, value: eu}], installHint: try this}"));
    const auto access = file.read();
    REQUIRE(access);
    REQUIRE(access->plugin);
    CHECK(access->plugin->command ==
          std::vector<std::string>{(file.path().parent_path() / "bin/login").string(), "get", "token"});
    CHECK(access->plugin->environment.at("REGION") == "eu");
    CHECK(access->plugin->install_hint == "try this");
}

TEST_CASE("what cannot be used is refused in words that name it")
{
    struct Row {
        std::string cluster, user;
        ErrorKind kind;
        std::string_view words;
    };
    for (const auto& [cluster, user, kind, words] : std::initializer_list<Row>{
             {"server: 'http://10.0.0.1'", "token: t", ErrorKind::invalid, "https://"},
             {"server: ''", "token: t", ErrorKind::invalid, "https://"},
             {server + ", insecure-skip-tls-verify: true", "token: t", ErrorKind::refused, "insecure-skip-tls-verify"},
             {server + ", proxy-url: 'http://p'", "token: t", ErrorKind::refused, "proxy-url"},
             {server + ", certificate-authority: absent.crt", "token: t", ErrorKind::not_found, "absent.crt"},
             {server + ", certificate-authority-data: '%%'", "token: t", ErrorKind::invalid,
              "certificate-authority-data"},
             {server, "username: a, password: b", ErrorKind::refused, "username"},
             {server, "auth-provider: {name: gcp}", ErrorKind::refused, "auth-provider"},
             {server, "client-certificate-data: 'Q0E='", ErrorKind::invalid, "client-key"},
             {server, "exec: {args: [a]}", ErrorKind::invalid, "command"},
         }) {
        CAPTURE(cluster);
        CAPTURE(user);
        const auto access = KubeconfigFile(kubeconfig(cluster, user)).read();
        REQUIRE_FALSE(access);
        CHECK(access.error().kind == kind);
        CHECK(access.error().message.contains(words));
    }
}

TEST_CASE("what a kubeconfig lacks is told with what it has")
{
    const KubeconfigFile file(kubeconfig(server, "token: t"));
    const auto absent = file.read("staging");
    REQUIRE_FALSE(absent);
    CHECK(absent.error().kind == ErrorKind::not_found);
    CHECK(absent.error().message.contains("\"staging\"; there are: prod, dev"));
    CHECK(KubeconfigFile("kind: Config\n").read().error().message.contains("current-context"));
    CHECK(KubeconfigFile("a: [\n").read().error().kind == ErrorKind::invalid);
    CHECK(read_kubeconfig("/nonexistent/config", {}).error().kind == ErrorKind::not_found);
}

TEST_CASE("a pod's own account is read where Kubernetes puts it, outside of a pod there is none")
{
    const ramet::testing::TemporaryDirectory folder;
    for (const auto& [name, text] : {std::pair{"ca.crt", "CA"}, {"token", "T"}, {"namespace", "ramet\n"}})
        REQUIRE(write_file(folder.path() / name, text));
    const auto access = read_pod_account(folder.path(), "10.98.0.1", "443");
    REQUIRE(access);
    CHECK(access->server == "https://10.98.0.1:443");
    CHECK(access->token_file == folder.path() / "token");
    CHECK(access->default_namespace == "ramet");
    CHECK(read_pod_account(folder.path(), "fd00::1", "443")->server == "https://[fd00::1]:443");
    CHECK(read_pod_account(folder.path(), "", "").error().kind == ErrorKind::not_found);
}

}  // namespace ramet::targets::kubernetes
