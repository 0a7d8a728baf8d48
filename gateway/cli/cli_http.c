/* REST calls by libcurl: the local unix socket, or TLS with the certificate pinned by its SHA-256 fingerprint. */
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/keeper_account.h"
#include "core/cleanup.h"
#include "core/route.h"
#include "gateway/cli/cli.h"

#define MAX_ANSWER (64u << 20)
#define TIMEOUT_S 60L

struct answer {
    char *bytes;
    size_t size;
};

static long last_status;
static char last_token[128], last_error[64];

long cli_last_status(void)
{
    return last_status;
}

const char *cli_last_token(void)
{
    return last_token;
}

const char *cli_last_error(void)
{
    return last_error;
}

static size_t on_body(char *bytes, size_t one, size_t n, void *data)
{
    struct answer *answer = data;
    char *grown;

    (void)one;
    if (answer->size + n > MAX_ANSWER || !(grown = realloc(answer->bytes, answer->size + n + 1)))
        return 0;
    memcpy(grown + answer->size, bytes, n);
    answer->bytes = grown;
    answer->size += n;
    answer->bytes[answer->size] = 0;
    return n;
}

/* Keeps the session token that a login sets. */
static size_t on_header(char *bytes, size_t one, size_t n, void *data)
{
    static const char plain[] = "set-cookie: " ROUTE_COOKIE "=", below[] = "set-cookie: " ROUTE_COOKIE_BELOW "=";
    bool is_below = n > sizeof below && !strncasecmp(bytes, below, sizeof below - 1);
    size_t length = is_below ? sizeof below - 1 : sizeof plain - 1;

    (void)one;
    (void)data;
    if (is_below || (n > length && !strncasecmp(bytes, plain, length))) {
        size_t end = length;
        while (end < n && bytes[end] != ';' && bytes[end] != '\r' && end - length + 1 < sizeof last_token)
            end++;
        memcpy(last_token, bytes + length, end - length);
        last_token[end - length] = 0;
    }
    return n;
}

/* Compares hex with or without colons, whatever the case. */
static bool same_fingerprint(const char *text, const unsigned char *digest, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        char hex[3];
        snprintf(hex, sizeof hex, "%02x", digest[i]);
        if (*text == ':')
            text++;
        if (strncasecmp(text, hex, 2) != 0)
            return false;
        text += 2;
    }
    return !*text;
}

/* Instead of OpenSSL's own verdict: the peer's certificate is the pinned one, or nothing. */
static int verify_pinned(X509_STORE_CTX *store, void *data)
{
    const struct cli *cli = data;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    X509 *certificate = X509_STORE_CTX_get0_cert(store);

    if (certificate && X509_digest(certificate, EVP_sha256(), digest, &size) == 1 &&
        same_fingerprint(cli->fingerprint, digest, size))
        return 1;
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

static CURLcode on_ssl_context(CURL *curl, void *context, void *data)
{
    (void)curl;
    SSL_CTX_set_cert_verify_callback(context, verify_pinned, data);
    return CURLE_OK;
}

/* https://host/kvm: the gateway is below a path of a proxy. */
static bool has_base(const struct cli *cli)
{
    const char *host = cli->url ? strstr(cli->url, "://") : NULL, *path = host ? strchr(host + 3, '/') : NULL;
    return path && path[1];
}

/* What the token file holds: a session's token for the cookie, or an API token. */
static int set_token(const struct cli *cli, CURL *curl)
{
    char token[100] = "", cookie[160];

    if (!cli->token_file)
        return CLI_OK;
    _cleanup_fclose_ FILE *f = fopen(cli->token_file, "re");
    if (!f || !fgets(token, sizeof token, f)) {
        cli_error("the token file '%s' cannot be read; 'lightsout ... login USER' writes it", cli->token_file);
        return CLI_USAGE;
    }
    token[strcspn(token, "\r\n")] = 0;
    const char *hex = token;
    bool api = !strncmp(token, AUTH_API_TOKEN_PREFIX, sizeof AUTH_API_TOKEN_PREFIX - 1);
    if (api)
        hex += sizeof AUTH_API_TOKEN_PREFIX - 1;
    if (!*hex || strspn(hex, "0123456789abcdef") != strlen(hex)) {
        cli_error(
            "the token file '%s' holds no session token (as 'lightsout ... login USER' writes it) and no API token",
            cli->token_file);
        return CLI_USAGE;
    }
    if (api) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
        curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, token);
    } else {
        snprintf(cookie, sizeof cookie, "%s=%s", has_base(cli) ? ROUTE_COOKIE_BELOW : ROUTE_COOKIE, token);
        curl_easy_setopt(curl, CURLOPT_COOKIE, cookie);
    }
    explicit_bzero(token, sizeof token);
    explicit_bzero(cookie, sizeof cookie);
    return CLI_OK;
}

const char *cli_origin(const struct cli *cli)
{
    static char origin[1100];
    if (!cli->url)
        return NULL;
    snprintf(origin, sizeof origin, "%s", cli->url);
    char *host = strstr(origin, "://");
    if (host)
        host[3 + strcspn(host + 3, "/")] = '\0'; /* a base path is no part of it */
    return origin;
}

static int set_up_peer(struct cli *cli, CURL *curl, const char *path, bool login)
{
    char url[2048];

    snprintf(url, sizeof url, "%s/api/v1%s", cli->url ? cli->url : "http://localhost", path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, cli->url ? "" : "*");
    if (!cli->url) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, cli->socket);
        return CLI_OK;
    }
    if (strncmp(cli->url, "https://", 8) != 0) {
        cli_error("'%s' does not begin with https://; the gateway is never asked over plain http", cli->url);
        return CLI_USAGE;
    }
    if (cli->fingerprint) {
        curl_easy_setopt(curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_context);
        curl_easy_setopt(curl, CURLOPT_SSL_CTX_DATA, cli);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L); /* the pin says more than a name */
    }
    return login ? CLI_OK : set_token(cli, curl);
}

static int no_such_name(void)
{
    cli_error("there is nothing of that name: names hold no '/', and are not empty");
    return CLI_NOT_FOUND;
}

int cli_curl_prepare(struct cli *cli, void *curl, const char *path)
{
    return path ? set_up_peer(cli, curl, path, false) : no_such_name();
}

int cli_curl_failed(const struct cli *cli, int code)
{
    if (cli->quiet)
        return CLI_UNREACHABLE;
    if (!cli->url && code == CURLE_COULDNT_CONNECT)
        cli_error("no gateway answers at '%s'; is lightsoutd running, and may this user use it?", cli->socket);
    else if (code == CURLE_PEER_FAILED_VERIFICATION && cli->fingerprint)
        cli_error("the certificate at %s is not the pinned one; compare with the fingerprint that lightsoutd prints",
                  cli->url);
    else if (code == CURLE_PEER_FAILED_VERIFICATION)
        cli_error("the certificate at %s is not trusted; give --fingerprint with what lightsoutd prints at start",
                  cli->url);
    else
        cli_error("%s: %s", cli->url ? cli->url : cli->socket, curl_easy_strerror((CURLcode)code));
    return CLI_UNREACHABLE;
}

static int exit_of_status(long status)
{
    return status == 404 ? CLI_NOT_FOUND : status == 401 || status == 403 ? CLI_DENIED : CLI_REFUSED;
}

int cli_status_failed(const struct cli *cli, long status, const char *body)
{
    json_t *json = body ? json_loads(body, 0, NULL) : NULL;
    const char *message = cli_member(json_object_get(json, "error"), "message");
    snprintf(last_error, sizeof last_error, "%s", cli_member(json_object_get(json, "error"), "code"));

    if (*message && !cli->quiet)
        cli_error("%s", message);
    else if (!cli->quiet)
        cli_error("the gateway answered with status %ld", status);
    json_decref(json);
    return exit_of_status(status);
}

static int perform(struct cli *cli, const struct cli_request *request, struct answer *answer)
{
    const char *method = request->method, *path = request->path, *body = request->body;
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");

    if (!curl || !headers) {
        cli_error("out of memory");
        return CLI_REFUSED;
    }
    int r = set_up_peer(cli, curl, path, !strcmp(path, "/session") && body);
    if (r == CLI_OK) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, TIMEOUT_S);
        if (cli->url) {
            char origin[1200];
            snprintf(origin, sizeof origin, "Origin: %s", cli_origin(cli));
            headers = curl_slist_append(curl_slist_append(headers, "Expect:"), origin);
        }
        if (request->if_match) {
            char match[256];
            snprintf(match, sizeof match, "If-Match: %s", request->if_match);
            headers = curl_slist_append(headers, match);
        }
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        if (body || strcmp(method, "GET") != 0)
            curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body ? body : "");
        CURLcode code = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &last_status);
        if (code != CURLE_OK)
            r = cli_curl_failed(cli, code);
        else if (last_status >= 300)
            r = cli_status_failed(cli, last_status, answer->bytes);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return r;
}

int cli_call(struct cli *cli, const char *method, const char *path, json_t *body, json_t **ret)
{
    struct answer answer = {0};
    _cleanup_free_ char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

    json_decref(body);
    if (!path)
        return no_such_name();
    int r = perform(cli, &(struct cli_request){.method = method, .path = path, .body = text}, &answer);
    if (r == CLI_OK) {
        json_t *json = answer.size ? json_loads(answer.bytes, 0, NULL) : NULL;
        if (answer.size && !json) {
            cli_error("the gateway's answer is not JSON");
            r = CLI_REFUSED;
        } else {
            *ret = json;
        }
    }
    free(answer.bytes);
    return r;
}

int cli_request(struct cli *cli, const struct cli_request *request, char **ret, size_t *ret_size)
{
    struct answer answer = {0};

    if (!request->path)
        return no_such_name();
    int r = perform(cli, request, &answer);
    if (r != CLI_OK) {
        free(answer.bytes);
        return r;
    }
    *ret = answer.bytes;
    *ret_size = answer.size;
    return CLI_OK;
}

int cli_fetch(struct cli *cli, const char *path, char **ret, size_t *ret_size)
{
    return cli_request(cli, &(struct cli_request){.method = "GET", .path = path}, ret, ret_size);
}

/* Appends a name; false: it would make another path of it, or does not fit. */
static bool append_name(char *path, size_t size, size_t *at, const char *name)
{
    if (!*name || !strcmp(name, ".") || !strcmp(name, "..") || strchr(name, '/'))
        return false;
    for (; *name && *at + 4 < size; name++) {
        unsigned char c = (unsigned char)*name;
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-_.~", c);
        *at += (size_t)snprintf(path + *at, size - *at, plain ? "%c" : "%%%02X", c);
    }
    return !*name;
}

const char *cli_path_two(const char *format, const char *first, const char *second)
{
    static char path[2048];
    const char *name = first;
    size_t at = 0;
    for (const char *from = format; *from && at + 1 < sizeof path;) {
        bool place = strncmp(from, "%s", 2) == 0;
        if (place && (!name || !append_name(path, sizeof path, &at, name)))
            return NULL;
        if (place)
            name = second;
        else
            path[at++] = *from;
        from += place ? 2 : 1;
    }
    path[at] = '\0';
    return path;
}

const char *cli_path(const char *format, const char *name)
{
    return cli_path_two(format, name, NULL);
}
