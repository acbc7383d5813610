/* A list of people that can be searched, narrowed to a department, and marked. */
#include "callhud/ui/desk_screen.h"
#include "callhud/ui/ui_priv.h"

#include <stdio.h>

static void key_of(const struct roll_row *row, char *out, size_t size)
{
    if (row->twin == 0)
        str_copy(out, size, row->id);
    else
        (void)snprintf(out, size, "%.200s\n%u", row->id, (unsigned)row->twin);
}

void roll_fini(struct roll *roll)
{
    roll_unmark(roll);
    VEC_FREE(&roll->rows);
    mem_free(roll->at_id);
    mem_free(roll->department);
    mem_free(roll->made_department);
    *roll = (struct roll){0};
}

/* --- who is shown -------------------------------------------------------------------------------
 */

static bool is_in_state(const struct roll_row *row, const char *word)
{
    if (row->line == NULL)
        return str_starts(word, "on") ? row->is_off : false;
    if (str_eq_nocase(word, "unsaved"))
        return appearance_is_unsaved(row->line);
    if (str_eq_nocase(word, "refused"))
        return row->line->refusal != NULL;
    return word[0] != '\0' && str_starts(line_state_word(row->line->state), word);
}

static bool has_word(const struct roll_row *row, const char *word)
{
    if (str_starts(word, "is:"))
        return is_in_state(row, word + 3);
    if (str_starts(word, "dept:"))
        return str_find_folded(row->department, word + 5);
    return str_starts(row->extension, word) || str_find_folded(row->name, word) ||
           str_find_folded(row->department, word);
}

static bool is_found(const struct roll_row *row, const char *search)
{
    char text[PROMPT_BYTES];
    char *rest = text;

    str_copy(text, sizeof text, search);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        bool is_negated = word[0] == '-' && word[1] != '\0';
        if (word[0] != '\0' && has_word(row, word + is_negated) == is_negated)
            return false;
    }
    return true;
}

void roll_begin(struct roll *roll)
{
    roll->rows.len = 0;
    roll->all = 0;
    roll->is_made = roll->is_of_hud = false;
}

bool roll_is_made(const struct roll *roll, const struct roll_source *source)
{
    const struct roll_source *had = &roll->source;

    return roll->is_made && !roll->is_of_hud && had->list_rev == source->list_rev &&
           had->desk_rev == source->desk_rev && had->told == source->told &&
           had->what == source->what && had->list == source->list &&
           had->people == source->people && had->people_len == source->people_len &&
           had->own_id == source->own_id && str_eq(roll->made_search, roll->search) &&
           str_eq(roll->made_department, roll->department);
}

void roll_made(struct roll *roll, const struct roll_source *source)
{
    roll->source = *source;
    str_copy(roll->made_search, sizeof roll->made_search, roll->search);
    mem_free(roll->made_department);
    roll->made_department = roll->department != NULL ? mem_dup(roll->department) : NULL;
    roll->is_made = true;
}

void roll_go(struct roll *roll, const char *id)
{
    mem_free(roll->at_id);
    roll->at_id = mem_dup(id);
    roll->is_made = false;
}

void roll_add(struct roll *roll, const struct roll_row *row)
{
    roll->all++;
    if ((roll->department == NULL || str_eq(roll->department, row->department)) &&
        is_found(row, roll->search))
        VEC_PUSH(&roll->rows, *row);
}

static void remember(struct roll *roll)
{
    char key[256];

    if (roll->at >= roll->rows.len)
        return;
    key_of(&roll->rows.items[roll->at], key, sizeof key);
    if (str_eq(key, roll->at_id))
        return;
    mem_free(roll->at_id);
    roll->at_id = mem_dup(key);
}

void roll_end(struct roll *roll)
{
    char key[256];
    size_t at = roll->at < roll->rows.len ? roll->at : 0;

    for (size_t i = 0; roll->at_id != NULL && i < roll->rows.len; i++) {
        size_t look = (at + i) % roll->rows.len;
        key_of(&roll->rows.items[look], key, sizeof key);
        if (str_eq(key, roll->at_id)) {
            roll->at = look;
            return;
        }
    }
    /* Whoever was there is gone: the one in that place now. */
    if (roll->at >= roll->rows.len)
        roll->at = roll->rows.len > 0 ? roll->rows.len - 1 : 0;
    if (roll->search[0] == '\0' && roll->department == NULL)
        remember(roll);
}

/* --- the cursor ---------------------------------------------------------------------------------
 */

const struct roll_row *roll_at(const struct roll *roll)
{
    return roll->at < roll->rows.len ? &roll->rows.items[roll->at] : NULL;
}

static void put_at(struct roll *roll, size_t at)
{
    roll->at = at;
    remember(roll);
}

void roll_move(struct roll *roll, long by)
{
    long last = (long)roll->rows.len - 1, at = (long)roll->at + by;

    if (last >= 0)
        put_at(roll, (size_t)(at < 0 ? 0 : at > last ? last : at));
}

bool roll_jump(struct roll *roll, const char *digits)
{
    size_t found = roll->rows.len;

    for (size_t i = roll->rows.len; i-- > 0;) {
        const char *extension = roll->rows.items[i].extension;
        bool is_better =
            found == roll->rows.len || !str_eq(roll->rows.items[found].extension, digits);
        if (str_eq(extension, digits) || (is_better && str_starts(extension, digits)))
            found = i;
    }
    if (found == roll->rows.len)
        return false;
    put_at(roll, found);
    return true;
}

void roll_scroll(struct roll *roll, int height)
{
    size_t rows = height > 0 ? (size_t)height : 1;

    roll->height = (int)rows;
    if (roll->at < roll->top)
        roll->top = roll->at;
    if (roll->at >= roll->top + rows)
        roll->top = roll->at - rows + 1;
    if (roll->top + rows > roll->rows.len)
        roll->top = roll->rows.len > rows ? roll->rows.len - rows : 0;
}

/* --- marks --------------------------------------------------------------------------------------
 */

bool roll_is_marked(const struct roll *roll, const struct roll_row *row)
{
    char key[256];

    key_of(row, key, sizeof key);
    return map_get(&roll->marked, key) != NULL;
}

void roll_mark(struct roll *roll, const struct roll_row *row, bool is_marked)
{
    char key[256];

    key_of(row, key, sizeof key);
    if (!is_marked)
        (void)map_remove(&roll->marked, key);
    else if (!row->is_off)
        (void)map_put(&roll->marked, key, roll); /* any value will do */
}

size_t roll_mark_shown(struct roll *roll)
{
    size_t before = roll->marked.len;

    for (size_t i = 0; i < roll->rows.len; i++)
        roll_mark(roll, &roll->rows.items[i], true);
    return roll->marked.len - before;
}

void roll_unmark(struct roll *roll)
{
    map_fini(&roll->marked, NULL);
    roll->marked = (struct map){0};
}

size_t roll_marked_hidden(const struct roll *roll)
{
    size_t shown = 0;

    for (size_t i = 0; i < roll->rows.len && shown < roll->marked.len; i++)
        shown += roll_is_marked(roll, &roll->rows.items[i]);
    return roll->marked.len - shown;
}
