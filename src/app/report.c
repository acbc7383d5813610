#include "callhud/app/report.h"

#include "callhud/app/start.h"
#include "callhud/base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void report_json(struct buf *out, const char *text)
{
    struct buf mended;
    if (!text) {
        buf_puts(out, "null");
        return;
    }
    buf_init(&mended, out->max_bytes);
    utf8_mend(&mended, text, strlen(text));
    buf_putc(out, '"');
    for (const char *c = buf_text(&mended); *c; c++) {
        if (*c == '"' || *c == '\\')
            buf_printf(out, "\\%c", *c);
        else if ((unsigned char)*c < 0x20 || *c == 0x7F)
            buf_printf(out, "\\u%04x", (unsigned char)*c);
        else
            buf_putc(out, *c);
    }
    buf_putc(out, '"');
    buf_fini(&mended);
}

int report_print(const struct buf *out)
{
    if (fwrite(buf_text(out), 1, out->len, stdout) == out->len && fflush(stdout) == 0)
        return 0;
    struct err err = {0};
    err_set(&err, RC_IO, "cannot write to standard output: %s", strerror(errno));
    return start_fail(&err);
}
