/* The head of an answer, line by line, and what is made of it: whatever is accepted must be a part of the file that was
 * asked for. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "media/outward/http_answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_answer answer = {0};
    const char *why = NULL;
    if (size == 0)
        return 0;
    struct http_expected expected = {.first = (data[0] & 7) * 1000u,
                                     .length = 1000,
                                     .size = data[0] & 8 ? 8500 : 0,
                                     .validator = data[0] & 16   ? "\"v1\""
                                                  : data[0] & 32 ? "yesterday"
                                                                 : ""};
    const char *at = (const char *)data + 1, *end = (const char *)data + size;
    while (at < end) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        size_t n = line_end ? (size_t)(line_end + 1 - at) : (size_t)(end - at);
        http_answer_line(&answer, at, n);
        at += n;
    }
    if (strlen(answer.etag) >= sizeof answer.etag || strlen(http_answer_validator(&answer)) >= HTTP_VALIDATOR_MAX)
        abort();
    int r = http_answer_judge(&answer, &expected, &why);
    if (r > 0 || (r < 0 && !why))
        abort();
    if (r < 0)
        return 0;
    bool same = !expected.validator[0] ||
                strcmp(expected.validator[0] == '"' ? answer.etag : answer.modified, expected.validator) == 0;
    if (answer.status != 206 || answer.encoded || !same || answer.first != expected.first ||
        answer.last < answer.first || answer.last - answer.first >= expected.length || answer.last >= answer.total ||
        (expected.size && answer.total != expected.size) || answer.total > INT64_MAX)
        abort();
    return 0;
}
