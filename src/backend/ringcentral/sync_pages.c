/* Lists that come page by page: when there is another one. */
#include "callhud/base/log.h"

#include "sync_parts.h"

#include <inttypes.h>
#include <string.h>

void sync_pages_begin(struct rex_sync *sync)
{
    struct sync_pages *pages = &sync->pages;
    VEC_FREE(&pages->read);
    sync->page = 1;
    pages->sum = 0;
    pages->items = pages->items_all = 0;
}

void sync_page_item(struct rex_sync *sync, const char *id)
{
    sync->pages.sum += hash_bytes(id, strlen(id)); /* in whatever order */
    sync->pages.items++;
}

static bool is_known(const struct sync_pages *pages)
{
    for (size_t i = 0; i < pages->read.len; i++)
        if (pages->read.items[i] == pages->sum)
            return true;
    return pages->items == 0;
}

bool sync_page_next(struct rex_sync *sync, const struct rex_paging *paging, const char *what)
{
    struct sync_pages *pages = &sync->pages;
    if (!paging->has_next && sync->page >= paging->total_pages)
        return false;
    bool brings_nobody = is_known(pages);
    VEC_PUSH(&pages->read, pages->sum);
    pages->items_all += pages->items;
    pages->sum = 0;
    pages->items = 0;
    if (!brings_nobody && sync->page < REX_PAGES_MOST && pages->items_all < REX_ITEMS_MOST) {
        sync->page++;
        return true;
    }
    log_warn("ringcentral",
             "%s: page %" PRIu32 " %s, and the service says that there are more: not asked for",
             what, sync->page, brings_nobody ? "tells nothing new" : "is the last that is read");
    return false;
}
