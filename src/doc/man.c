/* man TEMPLATE PAGE: run when callhud is built, with the program's own tables. */
#include "callhud/app/doc.h"

#include <locale.h>
#include <stdio.h>

#define PAGE_MAX_BYTES (1024 * 1024)

static int fail(const char *file, const char *why)
{
    fprintf(stderr, "%s: %s\n", file, why);
    return 1;
}

int main(int argc, char **argv)
{
    static char text[PAGE_MAX_BYTES];
    struct err err = {0};
    struct buf page;
    if (argc != 3)
        return fail("usage", "man TEMPLATE PAGE");
    setlocale(LC_CTYPE, "C.UTF-8");
    FILE *from = fopen(argv[1], "re");
    if (!from)
        return fail(argv[1], "cannot be opened");
    size_t len = fread(text, 1, sizeof text - 1, from);
    fclose(from);
    text[len] = '\0';
    buf_init(&page, PAGE_MAX_BYTES);
    if (doc_fill(text, &page, &err) != RC_OK)
        return fail(argv[1], err.text);
    FILE *to = fopen(argv[2], "we");
    if (!to)
        return fail(argv[2], "cannot be written");
    bool is_written = fwrite(buf_text(&page), 1, page.len, to) == page.len;
    is_written &= fclose(to) == 0;
    buf_fini(&page);
    return is_written ? 0 : fail(argv[2], "cannot be written");
}
