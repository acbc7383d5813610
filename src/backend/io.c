#include "callhud/backend/io.h"

#include <strings.h>

const char *io_header(const struct io_http_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->headers_len; i++)
        if (strcasecmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return NULL;
}
