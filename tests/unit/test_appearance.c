/* The list in two homes, as tables. Users are letters. A list there: "[a] b c" (reserved in
 * brackets, a number before it is its key). Edits: "+e4" add at key 4 ("+e" at the end), "-d",
 * "b>3" move, "d=e" set. A list as it is shown: "b" same, "+e" added, "-d" removed, "e/d" e instead
 * of d, "~b" moved, "?e/d(c)" conflict: here, stored, base. */
#include "callhud/base/buf.h"
#include "callhud/base/clock.h"
#include "callhud/base/str.h"
#include "callhud/model/appearance.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define LINES 64

static const struct appearance_user users[] = {
    {.id = "a", .extension = "101", .name = "Noor Haddad"},
    {.id = "b", .extension = "102", .name = "Rana Aziz"},
    {.id = "c", .extension = "103", .name = "Omar Said"},
    {.id = "d", .extension = "104", .name = "Lena Fischer"},
    {.id = "e", .extension = "105", .name = "Ken Ito"},
    {.id = "f", .extension = "106", .name = ""},
    {.id = "g", .extension = "107", .name = "Pia Holm"},
    {.id = "h", .extension = "108", .name = "Ivo Brand"},
    {.id = "i", .extension = "109", .name = ""},
    {.id = "j", .extension = "110", .name = ""},
};

static struct appearance_user user_of(char letter)
{
    assert_in_range(letter, 'a', 'j');
    return users[letter - 'a'];
}

/* ---- the small languages --------------------------------------------------------------------- */

static size_t read_lines(const char *text, struct stored_line *lines)
{
    size_t len = 0;
    uint32_t key = 0;
    for (const char *c = text; *c; c++) {
        if (isdigit((unsigned char)*c))
            key = (uint32_t)(*c - '0') - 1;
        if (!islower((unsigned char)*c))
            continue;
        lines[len++] = (struct stored_line){
            .key = ++key, .is_reserved = c > text && c[-1] == '[', .user = user_of(*c)};
    }
    return len;
}

static struct appearance_news merge(struct appearance *a, const char *there)
{
    struct stored_line lines[LINES];
    struct appearance_news news;
    struct err err = {0};
    size_t len = read_lines(there, lines);
    assert_int_equal(appearance_merge(a, lines, len, 1000, &news, &err), RC_OK);
    return news;
}

static const char *edit_word(struct appearance *a, const char *word)
{
    static struct appearance_edit e;
    e = (struct appearance_edit){.kind = EDIT_REMOVE};
    if (word[0] == '+' || word[0] == '-') {
        e.kind = word[0] == '+' ? EDIT_ADD : EDIT_REMOVE;
        e.user = user_of(word[1]);
        e.key = isdigit((unsigned char)word[2]) ? (uint32_t)(word[2] - '0') : 0;
    } else {
        e.kind = word[1] == '>' ? EDIT_MOVE : EDIT_SET;
        e.user = user_of(word[0]);
        if (e.kind == EDIT_SET)
            e.to = user_of(word[2]);
        else
            e.key = (uint32_t)(word[2] - '0');
    }
    size_t done = appearance_edit(a, &e, 1);
    assert_int_equal(done, e.refused[0] == '\0');
    return e.refused;
}

static void edit(struct appearance *a, const char *words)
{
    char copy[128], *rest = copy;
    assert_true(str_copy(copy, sizeof copy, words));
    for (const char *word; (word = str_next_field(&rest, ' '));) {
        if (*word)
            assert_string_equal(edit_word(a, word), "");
    }
}

static const char *letter(const struct appearance_user *user)
{
    return user ? user->id : "-";
}

static const char *shown(const struct appearance *a)
{
    static struct buf out;
    buf_fini(&out);
    buf_init(&out, 4096);
    for (size_t i = 0; i < a->lines.len; i++) {
        const struct appearance_line *l = &a->lines.items[i];
        buf_puts(&out, i ? " " : "");
        if (l->state == LINE_RESERVED)
            buf_printf(&out, "[%s]", letter(l->here));
        else if (l->state == LINE_CONFLICT)
            buf_printf(&out, "?%s/%s(%s)", letter(l->here), letter(l->stored),
                       letter(l->conflict.base));
        else if (!l->here || !l->stored)
            buf_printf(&out, "%s%s", l->here ? "+" : "-", letter(l->here ? l->here : l->stored));
        else if (l->here != l->stored)
            buf_printf(&out, "%s/%s", letter(l->here), letter(l->stored));
        else
            buf_printf(&out, "%s%s", l->is_moved ? "~" : "", letter(l->here));
    }
    return buf_text(&out);
}

static const char *planned(const struct appearance *a)
{
    static char out[256];
    struct appearance_plan plan;
    struct err err = {0};
    assert_int_equal(appearance_plan(a, &plan, &err), RC_OK);
    out[0] = '\0';
    for (size_t i = 0; i < plan.lines.len; i++) {
        const struct stored_line *l = &plan.lines.items[i];
        size_t used = strlen(out);
        (void)snprintf(out + used, sizeof out - used, l->is_reserved ? "%s%u[%s]" : "%s%u%s",
                       i ? " " : "", (unsigned)l->key, l->user.id);
    }
    if (!plan.is_needed)
        str_copy(out, sizeof out, "nothing");
    appearance_plan_fini(&plan);
    return out;
}

/* ---- the merge ------------------------------------------------------------------------------- */

struct merge_case {
    const char *name, *base, *edits, *there;
    const char *shown;  /* after the merge */
    const char *plan;   /* what is written then, conflicts unchosen */
    const char *mine;   /* after mine was chosen for all; NULL: there is no conflict */
    const char *theirs; /* and theirs */
};
static const struct merge_case merges[] = {
    {"nothing anywhere", "[a] b c", "", "[a] b c", "[a] b c", "nothing", NULL, NULL},
    {"the first reading", "", "", "[a] [a] b c", "[a] [a] b c", "nothing", NULL, NULL},
    {"added before anything was read", "", "+d", "[a] b c", "[a] b c +d", "1[a] 2b 3c 4d", NULL,
     NULL},

    {"added before anything was read, and there already", "", "+d +c", "[a] b c d e", "[a] b c d e",
     "nothing", NULL, NULL},

    /* one home alone */
    {"added there", "[a] b c", "", "[a] b d c", "[a] b d c", "nothing", NULL, NULL},
    {"removed there", "[a] b c d", "", "[a] b d", "[a] b d", "nothing", NULL, NULL},
    {"changed there", "[a] b c d", "", "[a] b e d", "[a] b e d", "nothing", NULL, NULL},
    {"moved there", "b c d e", "", "c d b e", "c d b e", "nothing", NULL, NULL},
    {"added here", "[a] b c", "+d3", "[a] b c", "[a] b +d c", "1[a] 2b 3d 4c", NULL, NULL},
    {"removed here", "[a] b c", "-b", "[a] b c", "[a] -b c", "1[a] 2c", NULL, NULL},
    {"changed here", "[a] b c", "b=e", "[a] b c", "[a] e/b c", "1[a] 2e 3c", NULL, NULL},
    {"moved here", "b c d e", "b>3", "b c d e", "c d ~b e", "1c 2d 3b 4e", NULL, NULL},
    {"moved here and back", "b c d e", "b>3 b>1", "b c d e", "b c d e", "nothing", NULL, NULL},

    /* different lines */
    {"added in both, elsewhere", "b c", "+d", "e b c", "e b c +d", "1e 2b 3c 4d", NULL, NULL},
    {"added in both at the end: theirs keeps its key", "b c", "+d", "b c e", "b c e +d",
     "1b 2c 3e 4d", NULL, NULL},
    {"added in both at one place", "b c", "+d2", "b e c", "b e +d c", "1b 2e 3d 4c", NULL, NULL},
    {"removed in both, different ones", "b c d", "-b", "b c", "-b c", "1c", NULL, NULL},
    {"changed here, another changed there", "b c d", "b=e", "b f d", "e/b f d", "1e 2f 3d", NULL,
     NULL},
    {"changed here, removed above", "b c d", "d=e", "c d", "c e/d", "1c 2e", NULL, NULL},
    {"moved here, added above", "b c d e", "b>3", "f b c d e", "f c d ~b e", "1f 2c 3d 4b 5e", NULL,
     NULL},
    {"moved here, its neighbour moved there", "b c d e f", "b>2", "b d e c f", "d e c ?b/b(b) f",
     "nothing", "d e c ~b f", "b d e c f"},
    {"two moved, one in each", "b c d e f g", "b>3", "b c d g e f", "c d g ~b e f",
     "1c 2d 3g 4b 5e 6f", NULL, NULL},
    {"overlapping moves of two", "b c d e f g", "b>4", "b f c d e g", "f c d e ~b g",
     "1f 2c 3d 4e 5b 6g", NULL, NULL},

    {"moved there over one removed here and one moved here", "b c d e", "-c d>3", "c d b e",
     "-c b e ?d/d(d)", "1d 2b 3e", "-c b e ~d", "-c d b e"},

    /* the same in both */
    {"added in both alike", "b c", "+d", "b c d", "b c d", "nothing", NULL, NULL},
    {"removed in both", "b c d", "-c", "b d", "b d", "nothing", NULL, NULL},
    {"changed in both alike", "b c d", "c=e", "b e d", "b e d", "nothing", NULL, NULL},
    {"moved in both alike", "b c d e", "b>3", "c d b e", "c d b e", "nothing", NULL, NULL},
    {"swapped in both", "b c d", "b>2", "c b d", "c b d", "nothing", NULL, NULL},
    {"swapped in both by hand of the other", "b c d", "c>1", "c b d", "c b d", "nothing", NULL,
     NULL},
    {"all saved", "[a] b c d", "-b d=e +f c>4", "[a] e f c", "[a] e f c", "nothing", NULL, NULL},

    /* the same line, unlike */
    {"changed in both", "b c d", "c=e", "b f d", "b ?e/f(c) d", "nothing", "b e/f d", "b f d"},
    {"changed here, removed there", "b c d", "c=e", "b d", "b ?e/-(c) d", "nothing", "b +e d",
     "b d"},
    {"removed here, changed there", "b c d", "-c", "b f d", "b ?-/f(c) d", "nothing", "b -f d",
     "b f d"},
    {"moved here, removed there", "b c d e", "b>3", "c d e", "c d ?b/-(b) e", "nothing", "c d +b e",
     "c d e"},
    {"removed here, moved there", "b c d e", "-b", "c d b e", "c d ?-/b(b) e", "nothing",
     "c d -b e", "c d b e"},
    {"moved here, changed there", "b c d e", "b>3", "f c d e", "c d ?b/f(b) e", "nothing",
     "c d b/f e", "f c d e"},
    {"changed here, moved there", "b c d e", "b=f", "c d b e", "c d ?f/b(b) e", "nothing",
     "c d f/b e", "c d b e"},
    {"moved to different places", "b c d e", "b>2", "c d e b", "c ?b/b(b) d e", "nothing",
     "c ~b d e", "c d e b"},
    {"added at different places", "b c d", "+e1", "b c d e", "?e/e(-) b c d", "nothing", "~e b c d",
     "b c d e"},
    {"one line in conflict, the others go on", "b c d", "c=e +g -b", "b f d h", "-b ?e/f(c) d h +g",
     "1f 2d 3h 4g", "-b e/f d h +g", "-b f d h +g"},

    /* who is the same user */
    {"put elsewhere there", "b c", "b=d", "b d c", "-b d c", "1d 2c", NULL, NULL},
    {"changed here to one who is removed", "b c d", "-d b=d", "b c d", "~d -b c", "1d 2c", NULL,
     NULL},

    /* reserved lines */
    {"reserved lines come and go there", "[a] b c", "+d", "[a] [a] b c", "[a] [a] b c +d",
     "1[a] 2[a] 3b 4c 5d", NULL, NULL},
    {"a reserved line in the middle", "b 2[a] c d", "+e1 -c", "b 2[a] c d", "+e [a] b -c d",
     "1e 2[a] 3b 4d", NULL, NULL},
    {"a line becomes reserved there", "b c d", "b>3", "[b] c d", "[b] c d ?b/-(b)", "nothing", NULL,
     "[b] c d"},
};

static void check_case(const struct merge_case *row, enum appearance_choice choice,
                       const char *wanted)
{
    struct appearance a;
    char text[APPEARANCE_TEXT_BYTES];
    appearance_init(&a);
    if (*row->base)
        merge(&a, row->base);
    edit(&a, row->edits);
    struct appearance_news news = merge(&a, row->there);
    if (!str_eq(shown(&a), row->shown) || !str_eq(planned(&a), row->plan))
        fail_msg("%s: shown '%s', wanted '%s'; plan '%s', wanted '%s'", row->name, shown(&a),
                 row->shown, planned(&a), row->plan);
    size_t conflicts = appearance_count(&a).conflicts;
    assert_int_equal(news.conflicts, conflicts);
    uint64_t rev = a.rev;
    news = merge(&a, row->there);
    assert_int_equal(news.taken + news.agreed + news.conflicts, 0);
    assert_int_equal(a.rev, rev);
    assert_string_equal(shown(&a), row->shown);

    if (wanted) {
        assert_true(conflicts > 0);
        assert_int_equal(appearance_choose_all(&a, choice), conflicts);
        if (!str_eq(shown(&a), wanted))
            fail_msg("%s: chosen '%s', wanted '%s'", row->name, shown(&a), wanted);
        assert_true(appearance_undo(&a, text));
        if (!str_eq(shown(&a), row->shown))
            fail_msg("%s: choice undone '%s', wanted '%s'", row->name, shown(&a), row->shown);
    }
    appearance_fini(&a);
}

static void test_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof merges / sizeof merges[0]; i++) {
        check_case(&merges[i], CHOOSE_MINE, merges[i].mine);
        check_case(&merges[i], CHOOSE_THEIRS, merges[i].theirs);
    }
}

static void test_conflict_facts(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "c=e");
    merge(&a, "g b f d");
    const struct appearance_line *line = appearance_by_key(&a, 3);
    assert_string_equal(line->here->name, "Ken Ito");
    assert_string_equal(line->stored->extension, "106");
    assert_string_equal(line->conflict.base->name, "Omar Said");
    assert_int_equal(line->conflict.base_key, 2);
    assert_int_equal(line->stored_key, 3);
    assert_false(line->conflict.is_place);
    assert_int_equal(line->conflict.at_ms, 1000);
    assert_string_equal(line_state_word(line->state), "conflict");

    merge(&a, "g b h d"); /* changed there once more: the base is still what both had */
    assert_string_equal(shown(&a), "g b ?e/h(c) d");
    merge(&a, "g b c d"); /* taken back there: only our change is left */
    assert_string_equal(shown(&a), "g b e/c d");
    merge(&a, "g b f d");
    merge(&a, "g b e d"); /* and there they have come to the same */
    assert_string_equal(shown(&a), "g b e d");
    assert_int_equal(appearance_count(&a).conflicts, 0);
    appearance_fini(&a);
}

/* A line in conflict about its place stays so when others were moved until it stands as stored. */
static void test_conflict_without_difference(void **state)
{
    (void)state;
    struct appearance a;
    char text[APPEARANCE_TEXT_BYTES];
    appearance_init(&a);
    merge(&a, "b c d e");
    edit(&a, "b>2 +f");
    merge(&a, "c d b e");
    assert_string_equal(shown(&a), "c ?b/b(b) d e +f");
    edit(&a, "d>2");
    assert_string_equal(shown(&a), "c d ?b/b(b) e +f");
    merge(&a, "c d e");
    assert_string_equal(shown(&a), "c d ?b/-(b) e +f"); /* nor does it go unasked */
    merge(&a, "c d b e");
    assert_true(appearance_undo(&a, text));
    assert_int_equal(appearance_count(&a).conflicts, 1);
    merge(&a, shown(&a)[2] == 'd' ? "c d b e f" : "c b d e f"); /* alike in both: over */
    assert_int_equal(appearance_count(&a).unsaved, 0);
    appearance_fini(&a);
}

static void test_choose_both(void **state)
{
    (void)state;
    struct appearance a;
    struct err err = {0};
    char text[APPEARANCE_TEXT_BYTES];
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "c=e");
    merge(&a, "b f d");
    assert_int_equal(appearance_choose(&a, "d", CHOOSE_BOTH, &err), RC_NOT_FOUND);
    a.max_lines = 3;
    assert_int_equal(appearance_choose(&a, "e", CHOOSE_BOTH, &err), RC_DENIED);
    a.max_lines = 0;
    assert_string_equal(shown(&a), "b ?e/f(c) d");
    assert_int_equal(appearance_choose(&a, "e", CHOOSE_BOTH, &err), RC_OK);
    assert_string_equal(shown(&a), "b +e d ~f");
    assert_string_equal(planned(&a), "1b 2e 3d 4f");
    assert_true(appearance_undo(&a, text));
    assert_string_equal(shown(&a), "b ?e/f(c) d");
    assert_int_equal(appearance_choose(&a, "f", CHOOSE_THEIRS, &err), RC_OK); /* by who is stored */
    assert_string_equal(shown(&a), "b f d");
    assert_int_equal(appearance_choose_all(&a, CHOOSE_BOTH), 0);

    edit(&a, "-b");
    merge(&a, "g f d");
    assert_int_equal(appearance_choose(&a, "g", CHOOSE_BOTH, &err), RC_DENIED);
    assert_string_equal(err.text, "there are not two users here: choose one side");
    appearance_fini(&a);
}

/* ---- edits ----------------------------------------------------------------------------------- */

struct edit_case {
    const char *base, *edits, *shown;
};
static const struct edit_case edits[] = {
    {"[a] b c d", "+e", "[a] b c d +e"},
    {"[a] b c d", "+e2", "[a] +e b c d"},
    {"[a] b c d", "+e1", "[a] +e b c d"}, /* a reserved key is skipped */
    {"[a] b c d", "+e4", "[a] b c +e d"},
    {"[a] b c d", "+e9", "[a] b c d +e"},
    {"b 2[a] c d", "+e2", "b [a] +e c d"},
    {"b 2[a] c d", "b>3", "c [a] ~b d"},
    {"b c d e", "e>1", "~e b c d"},
    {"b c d e", "b>4", "c d e ~b"},
    {"b c d e", "b>9", "c d e ~b"},
    {"b c d e", "b>2", "c ~b d e"},
    {"b c d e", "c>2", "b c d e"},
    {"b c d e", "b>4 c>4", "d e ~b ~c"},
    {"b c d", "-c", "b -c d"},
    {"b c d", "-c +c2", "b c d"},
    {"b c d", "-c +c1", "~c b d"},
    {"b c d", "+e2 -e", "b c d"},
    {"b c d", "c=e", "b e/c d"},
    {"b c d", "c=e e=c", "b c d"},
    {"b c d", "c=e e=f", "b f/c d"},
    {"b c d", "c=e -e", "b -c d"},
    {"b c d", "c=e +c", "b +e d ~c"}, /* who is back has his own line, not a second one */
    {"b c d", "-b d=b", "c ~b -d"},
    {"b c d", "+e e=f", "b c d +f"},
    {"b c d", "b>3 -b", "-b c d"},
    {"b c d", "b>3 b=e", "c d e/b"},
};

static void test_edit(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct appearance a;
        char text[APPEARANCE_TEXT_BYTES], before[256];
        appearance_init(&a);
        merge(&a, edits[i].base);
        assert_true(str_copy(before, sizeof before, shown(&a)));
        edit(&a, edits[i].edits);
        if (!str_eq(shown(&a), edits[i].shown))
            fail_msg("'%s' on '%s': '%s', wanted '%s'", edits[i].edits, edits[i].base, shown(&a),
                     edits[i].shown);
        while (appearance_undo(&a, text))
            assert_true(str_starts(text, "undone: "));
        assert_string_equal(shown(&a), before);
        appearance_fini(&a);
    }
}

static void test_refused_edits(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "[a] b c d");
    a.max_lines = 5;
    edit(&a, "+e c=f");
    assert_string_equal(edit_word(&a, "+b"), "102 Rana Aziz is on key 2 already");
    assert_string_equal(edit_word(&a, "+a"), "101 Noor Haddad is on key 1 already");
    assert_string_equal(edit_word(&a, "b=d"), "104 Lena Fischer is on key 4 already");
    assert_string_equal(edit_word(&a, "b=f"), "106 is on key 3 already");
    uint64_t rev = a.rev; /* nothing is kept of who is refused: nothing has changed */
    size_t known = a.users.len;
    assert_string_equal(edit_word(&a, "+g"), "the list is full: there is room for 5 keys");
    assert_int_equal(a.rev, rev);
    assert_int_equal(a.users.len, known);
    const char *reserved = "key 1 is reserved by the telephone system: it cannot be changed";
    assert_string_equal(edit_word(&a, "-a"), reserved);
    assert_string_equal(edit_word(&a, "a>3"), reserved);
    assert_string_equal(edit_word(&a, "a=g"), reserved);
    assert_string_equal(edit_word(&a, "-g"), "107 Pia Holm is not on the list");
    assert_string_equal(edit_word(&a, "c>1"), "103 Omar Said is not on the list");
    struct appearance_edit unknown = {.kind = EDIT_ADD, .user = {.id = "", .extension = "999"}};
    assert_int_equal(appearance_edit(&a, &unknown, 1), 0);
    assert_string_equal(unknown.refused, "there is no user 999");
    assert_string_equal(shown(&a), "[a] b f/c d +e");

    merge(&a, "[a] b g d");
    assert_string_equal(shown(&a), "[a] b ?f/g(c) d +e");
    const char *first = "106 is in conflict: choose first, as it is here or as it is stored";
    assert_string_equal(edit_word(&a, "-f"), first);
    assert_string_equal(edit_word(&a, "f>2"), first);
    assert_string_equal(edit_word(&a, "f=h"), first);
    assert_string_equal(edit_word(&a, "+g"),
                        "the line of 107 Pia Holm is in conflict: choose first");
    appearance_fini(&a);
}

static void test_edits_at_once(void **state)
{
    (void)state;
    struct appearance a;
    char text[APPEARANCE_TEXT_BYTES];
    appearance_init(&a);
    merge(&a, "b c d");
    struct appearance_edit all[] = {{.kind = EDIT_REMOVE, .user = {.id = "b"}},
                                    {.kind = EDIT_REMOVE, .user = {.id = "h"}},
                                    {.kind = EDIT_REMOVE, .user = {.id = "d"}}};
    assert_int_equal(appearance_edit(&a, all, 3), 2);
    assert_string_equal(all[1].refused, "h is not on the list");
    assert_string_equal(all[2].refused, "");
    assert_string_equal(shown(&a), "-b c -d");
    assert_true(appearance_undo(&a, text)); /* one step */
    assert_string_equal(text, "undone: 2 edits");
    assert_string_equal(shown(&a), "b c d");
    assert_false(appearance_undo(&a, text));
    appearance_fini(&a);
}

static void test_replace(void **state)
{
    (void)state;
    struct appearance a;
    struct err err = {0};
    char text[APPEARANCE_TEXT_BYTES];
    const struct appearance_user list[] = {user_of('e'), user_of('a'), user_of('d'), user_of('b'),
                                           user_of('g')};
    appearance_init(&a);
    merge(&a, "[a] b c d e");
    assert_int_equal(appearance_replace(&a, list, 5, &err), RC_OK);
    assert_string_equal(planned(&a), "1[a] 2e 3d 4b 5g");
    assert_true(appearance_undo(&a, text));
    assert_string_equal(shown(&a), "[a] b c d e");

    a.max_lines = 4;
    assert_int_equal(appearance_replace(&a, list, 5, &err), RC_DENIED);
    assert_string_equal(err.text,
                        "these are 5 keys with the reserved ones, and there is room for 4; "
                        "nothing was changed");
    const struct appearance_user twice[] = {user_of('e'), user_of('e')};
    assert_int_equal(appearance_replace(&a, twice, 2, &err), RC_DENIED);
    assert_string_equal(err.text, "105 Ken Ito is there twice; nothing was changed");
    const struct appearance_user nobody = {.id = "", .extension = "999"};
    assert_int_equal(appearance_replace(&a, &nobody, 1, &err), RC_DENIED);
    assert_string_equal(shown(&a), "[a] b c d e");
    appearance_fini(&a);
}

/* ---- what was sent --------------------------------------------------------------------------- */

/* Edits, sent; more edits before the answer; then a list that tells what became of it. */
static const struct sent_case {
    const char *base, *edits, *later, *there, *shown;
    bool is_open; /* it may be on its way still */
} sents[] = {
    /* the very one: what was edited since are edits of it */
    {"b c d", "+e", "-e", "b c d e", "b c d -e", false},
    {"b c d", "-c", "+c", "b d", "b d +c", false},
    {"b c d", "c=e", "-e", "b e d", "b -e d", false},
    {"b c d", "c=e", "e=f", "b e d", "b +f -e d", false},
    {"b c d", "d>1", "d>3", "d b c", "b c ~d", false},
    {"b c d", "+e -b", "-c", "c d e", "-c d e", false},
    {"[a] b c d", "+e", "-e", "[a] b c d e", "[a] b c d -e", false},
    {"3[a] b c d", "-b", "+b", "c d 3[a]", "c d [a] +b", false},
    /* and changed elsewhere since */
    {"b c d", "+e -b", "-e", "c d e f", "c d -e f", false},
    {"b c d", "+e +f +g", "-d", "b c d f g", "b c -d f g", false}, /* e was removed elsewhere */
    {"b c d", "d>1", "c>1", "d b c f", "~c d b f", false},
    /* the one before: no edit is lost, it may come */
    {"b c d", "+e", "-e", "b c d", "b c d", true},
    {"b c d", "+e -c", "-e", "b c d", "b -c d", true},
    /* another, not from it */
    {"b c d", "+e -c", "-e", "b c d f", "b -c d f", true},
    {"b c d", "c=e", "", "b c d f", "b e/c d f", true},
    {"b c d", "+e", "", "b f d", "b f d +e", true},
    {"b c d", "d>1", "", "b c d f", "~d b c f", true},
};

/* Nobody can tell whose doing it is: what makes a difference is in conflict, and can be chosen. The
 * list as it was stored, `seen` of it while edits are on their way, what there is then; how it is
 * shown, and how after choosing what is here, or what is there. */
static const struct doubt_case {
    const char *base, *edits, *seen, *later, *there, *shown, *mine, *theirs;
    bool is_open; /* ours may be on its way still */
} doubts[] = {
    /* added and removed elsewhere before our list arrived, or overwritten by it */
    {"b c", "+e", "b c f", "", "b c e", "b c ?f/-(-) e", "b c +f e", "b c e", false},
    /* removed and put back elsewhere, or still on our list */
    {"b c d", "+e", "b c", "", "b c d e", "b c ?-/d(-) e", "b c -d e", "b c d e", false},
    /* both of it elsewhere, or ours, and c put back */
    {"b c d", "+e -c", "", "", "b c d e", "b ?-/c(-) d e", "b -c d e", "b c d e", true},
    /* f instead of c, or of our e */
    {"b c d", "c=e", "", "", "b f d", "b ?e/f(c) d", "b e/f d", "b f d", true},
    /* taken off by others, or overwritten and put on anew by us: it is off, whoever did it */
    {"b c", "+e", "b c f", "-f", "b c e", "b c e", "b c e", "b c e", false},
    /* the same, and d was moved there as we have moved it */
    {"b c d f", "c=e d>1", "", "", "d b g f", "d b ?e/g(c) f", "d b e/g f", "d b g f", true},
    /* b moved to the end, or c before our d */
    {"b c d", "d>1", "", "", "c d b", "d b ?c/c(c)", "d b ~c", "c d b", true},
};

static int64_t send(struct appearance *a, int64_t at_ms)
{
    struct appearance_plan plan;
    struct err err = {0};
    assert_int_equal(appearance_plan(a, &plan, &err), RC_OK);
    int64_t note = appearance_sent(a, &plan, at_ms);
    appearance_plan_fini(&plan);
    return note;
}

static void check_sent(const struct sent_case *row, int64_t sent_ms)
{
    struct appearance a;
    appearance_init(&a);
    merge(&a, row->base);
    edit(&a, row->edits);
    send(&a, sent_ms);
    edit(&a, row->later);
    uint64_t readings = a.readings;
    struct appearance_news news = merge(&a, row->there);
    bool is_open = row->is_open && sent_ms + APPEARANCE_SENT_MS >= 1000;
    if (!str_eq(shown(&a), row->shown) || (a.sent.len > 0) != is_open || news.conflicts > 0)
        fail_msg("'%s' sent of '%s', '%s', then '%s': '%s' %d, wanted '%s'", row->edits, row->base,
                 row->later, row->there, shown(&a), (a.sent.len > 0), row->shown);
    assert_int_equal(a.readings - readings, !str_eq(row->base, row->there) ||
                                                is_open != (a.sent.len > 0) ||
                                                (row->is_open && !is_open));
    struct appearance_news again = merge(&a, row->there);
    assert_string_equal(shown(&a), row->shown);
    assert_int_equal(again.taken + again.conflicts + again.agreed, 0);
    appearance_fini(&a);
}

static void test_sent(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sents / sizeof sents[0]; i++) {
        check_sent(&sents[i], 900);
        check_sent(&sents[i], 900 - 2 * APPEARANCE_SENT_MS); /* heard of late */
    }
}

static void begin_doubt(struct appearance *a, const struct doubt_case *row)
{
    appearance_init(a);
    merge(a, row->base);
    edit(a, row->edits);
    send(a, 900);
    if (row->seen[0])
        merge(a, row->seen);
    edit(a, row->later);
    (void)merge(a, row->there);
}

static void test_doubts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof doubts / sizeof doubts[0]; i++) {
        const struct doubt_case *row = &doubts[i];
        struct appearance a;
        for (int choice = CHOOSE_MINE; choice <= CHOOSE_THEIRS; choice++) {
            begin_doubt(&a, row);
            assert_string_equal(shown(&a), row->shown);
            assert_int_equal(a.sent.len, row->is_open);
            struct appearance_news again = merge(&a, row->there);
            assert_string_equal(shown(&a), row->shown);
            assert_int_equal(again.taken + again.conflicts + again.agreed, 0);
            appearance_choose_all(&a, (enum appearance_choice)choice);
            assert_string_equal(shown(&a), choice == CHOOSE_MINE ? row->mine : row->theirs);
            appearance_fini(&a);
        }
    }
}

/* A line in conflict stays in it, whatever of the others was sent. */
static void test_sent_beside_a_conflict(void **state)
{
    (void)state;
    struct appearance a;
    char text[APPEARANCE_TEXT_BYTES];
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "c=e");
    merge(&a, "b f d");
    edit(&a, "+g");
    send(&a, 900);
    edit(&a, "-g -b");
    merge(&a, "b f d g");
    assert_string_equal(shown(&a), "-b ?e/f(c) d -g");
    assert_true(appearance_undo(&a, text)); /* the last edit still can be */
    assert_string_equal(text, "undone: removing 102 Rana Aziz");
    assert_string_equal(shown(&a), "b ?e/f(c) d -g");
    appearance_fini(&a);
}

/* It was not written, for certain: then nothing that comes is of our doing. */
static void test_sent_and_refused(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "+e");
    appearance_not_sent(&a, send(&a, 900));
    edit(&a, "-e");
    merge(&a, "b c d e");
    assert_string_equal(shown(&a), "b c d e");
    appearance_fini(&a);
}

/* One that was given up, and comes after the next one all the same. */
static void test_sent_one_after_the_other(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "+e");
    int64_t first = send(&a, 900);
    edit(&a, "-e -b");
    assert_true(send(&a, 900) > first); /* within a ms: two all the same */
    assert_int_equal(merge(&a, "c d").agreed, 1);
    assert_int_equal(a.sent.len, 1);
    edit(&a, "+f");
    merge(&a, "b c d e"); /* the first */
    assert_string_equal(shown(&a), "-b c d +f -e");
    assert_int_equal(a.sent.len, 0);
    for (int i = 0; i < 2 * APPEARANCE_SENT_MAX; i++)
        send(&a, 900);
    assert_int_equal(a.sent.len, APPEARANCE_SENT_MAX);
    appearance_fini(&a);
}

/* The oldest goes, however many there are; a file of another program may hold more than are ever
 * noted, and the merge has room for no more. */
static void test_sent_are_few(void **state)
{
    (void)state;
    struct appearance a;
    int64_t notes[2 * APPEARANCE_SENT_MAX];
    const size_t many = sizeof notes / sizeof notes[0];
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "+e");
    for (size_t i = 0; i < many; i++)
        notes[i] = send(&a, 900);
    for (size_t i = 0; i < APPEARANCE_SENT_MAX; i++)
        assert_int_equal(a.sent.items[i].at_ms, notes[many - APPEARANCE_SENT_MAX + i]);
    while (a.sent.len < many) {
        struct appearance_sent more = {.at_ms = 901 + (int64_t)a.sent.len};
        VEC_PUSH(&a.sent, more);
    }
    merge(&a, "b c d f");
    assert_string_equal(shown(&a), "b c d f +e");
    assert_in_range(a.sent.len, 1, APPEARANCE_SENT_MAX);
    for (size_t i = 0; i < a.sent.len; i++)
        assert_true(a.sent.items[i].at_ms > 901 + (int64_t)(many - APPEARANCE_SENT_MAX) - 1);
    appearance_fini(&a);
}

/* Of a clock that was set back since: it is not on its way for ever. */
static void test_sent_in_the_future(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "+e");
    send(&a, 1000 + APPEARANCE_SENT_MS);
    merge(&a, "b c d");
    assert_int_equal(a.sent.len, 1);
    send(&a, 1001 + APPEARANCE_SENT_MS);
    merge(&a, "b c d");
    assert_int_equal(a.sent.len, 1);
    assert_string_equal(shown(&a), "b c d +e");
    appearance_fini(&a);
}

/* "b c d" is sent with e added, then again with more edits, which is stored; the first may have
 * come after it. */
struct late {
    const char *more, *stored, *there, *shown;
};

static void check_late(const struct late *row)
{
    struct appearance a;
    appearance_init(&a);
    merge(&a, "b c d");
    edit(&a, "+e");
    send(&a, 900);
    edit(&a, row->more);
    send(&a, 900);
    merge(&a, row->stored);
    assert_int_equal(a.sent.len, 1);
    merge(&a, row->there);
    assert_string_equal(shown(&a), row->shown);
    appearance_fini(&a);
}

/* The next one had all its edits and more: what it undoes tells that it came after all. One line
 * less is what somebody else may have done as well. */
static void test_sent_comes_after_the_next(void **state)
{
    static const struct late rows[] = {
        {"+f -b", "c d e f", "b c d e", "-b c d e +f"},
        {"+f -b", "c d e f", "b d e", "-b d e +f"}, /* and c was removed elsewhere */
        {"+f", "b c d e f", "b c d e", "b c d e ?f/-(-)"},
        {"+f -b", "c d e f", "c d e", "c d e"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_late(&rows[i]);
}

/* The same when all it undoes are moves: one, and somebody else may have moved that line back. */
static void test_sent_comes_after_a_move(void **state)
{
    static const struct late rows[] = {
        {"d>1", "d b c e", "b c d e", "?d/d(d) b c e"},
        {"d>1 e>2", "d e b c", "b c d e", "d e ~b ~c"},
        {"d>1", "d b c e", "d b e c", "d b e c"}, /* none of ours */
        {"d>1", "d b c e", "b d c e", "b d c e"}, /* nor this */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_late(&rows[i]);
}

static void test_is_as_stored(void **state)
{
    (void)state;
    static const struct {
        const char *base, *there;
        bool is;
    } rows[] = {
        {"[a] b c", "[a] b c", true}, {"[a] b c", "[a] c b", false}, {"[a] b c", "[a] b", false},
        {"b c", "b c d", false},      {"[a] b c", "b c", false},     {"", "", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct stored_line lines[LINES];
        struct appearance a;
        appearance_init(&a);
        size_t len = read_lines(rows[i].there, lines);
        assert_false(appearance_is_as_stored(&a, lines, len)); /* nothing was merged yet */
        merge(&a, rows[i].base);
        edit(&a, "+j");
        assert_int_equal(appearance_is_as_stored(&a, lines, len), rows[i].is);
        appearance_fini(&a);
    }
}

/* ---- undo ------------------------------------------------------------------------------------ */

/* A remote change between an edit and its undoing. */
static const struct {
    const char *base, *edit, *there, *shown, *text;
} undos[] = {
    {"b c d", "+e", "f b c d", "f b c d", "undone: adding 105 Ken Ito"},
    {"b c d", "-c", "f b c d", "f b c d", "undone: removing 103 Omar Said"},
    {"b c d", "c=e", "b c d f", "b c d f", "undone: replacing 103 Omar Said"},
    {"b c d", "b>3", "b f c d", "b f c d", "undone: moving 102 Rana Aziz"},
    {"b c d", "-c", "d c b", "d ?-/c(c) b", "not undone: 103 Omar Said is in conflict"},
    {"b c d", "+e", "b c d e", "b c d e", NULL}, /* stored now: nothing to undo */
    {"b c d", "-c", "b d", "b d", NULL},
    {"b c d", "+e +f", "b c d e", "b c d e", "undone: adding 106"},
};

static void test_undo_after_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof undos / sizeof undos[0]; i++) {
        struct appearance a;
        char text[APPEARANCE_TEXT_BYTES];
        appearance_init(&a);
        merge(&a, undos[i].base);
        edit(&a, undos[i].edit);
        merge(&a, undos[i].there);
        assert_int_equal(appearance_undo(&a, text), undos[i].text != NULL);
        if (undos[i].text)
            assert_string_equal(text, undos[i].text);
        if (!str_eq(shown(&a), undos[i].shown))
            fail_msg("'%s' on '%s', then '%s', undone: '%s', wanted '%s'", undos[i].edit,
                     undos[i].base, undos[i].there, shown(&a), undos[i].shown);
        appearance_fini(&a);
    }
}

static void test_undo_is_bounded(void **state)
{
    (void)state;
    struct appearance a;
    char text[APPEARANCE_TEXT_BYTES];
    size_t count = 0;
    appearance_init(&a);
    merge(&a, "b c d");
    for (int i = 0; i < APPEARANCE_UNDO_MAX; i++)
        edit(&a, i % 2 ? "-e -f" : "+e +f");
    assert_int_equal(a.undo.len, APPEARANCE_UNDO_MAX);
    while (appearance_undo(&a, text))
        count++;
    assert_int_equal(count, APPEARANCE_UNDO_MAX);
    assert_string_equal(shown(&a), "b c d");
    appearance_fini(&a);
}

/* ---- plan and refusals ----------------------------------------------------------------------- */

static void test_refusals(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "[a] b c d");
    edit(&a, "+e -b c=f");
    assert_true(appearance_refuse(&a, "e", "Parameter [extension] value is invalid"));
    assert_false(appearance_refuse(&a, "d", "no")); /* nothing of it was sent */
    assert_false(appearance_refuse(&a, "a", "no"));
    assert_string_equal(planned(&a), "1[a] 2f 3d"); /* the others need not wait */
    assert_int_equal(appearance_count(&a).refused, 1);
    merge(&a, "[a] f d");
    assert_string_equal(shown(&a), "[a] f d +e"); /* it stays, with its text */
    assert_string_equal(appearance_by_user(&a, "e")->refusal,
                        "Parameter [extension] value is invalid");
    assert_string_equal(planned(&a), "nothing");
    appearance_retry(&a);
    assert_string_equal(planned(&a), "1[a] 2f 3d 4e");

    assert_true(appearance_refuse(&a, "e", "no"));
    edit(&a, "e>2"); /* edited: it is another wish */
    assert_null(appearance_by_user(&a, "e")->refusal);
    edit(&a, "-f");
    assert_true(appearance_refuse(&a, "f", "no")); /* a removed line is named by who is stored */
    assert_string_equal(planned(&a), "1[a] 2e 3f 4d");
    merge(&a, "[a] d");
    assert_int_equal(appearance_count(&a).refused, 0); /* it is as it was to be */

    merge(&a, "[a] d g h");
    edit(&a, "h>2");
    assert_string_equal(planned(&a), "1[a] 2h 3e 4d 5g");
    assert_true(appearance_refuse(&a, "h", "no"));
    assert_string_equal(planned(&a), "1[a] 2e 3d 4g 5h"); /* stands as it is stored */
    appearance_fini(&a);
}

static void test_plan_is_refused(void **state)
{
    (void)state;
    struct appearance a;
    struct appearance_plan plan;
    struct err err = {0};
    appearance_init(&a);
    edit(&a, "+b");
    assert_int_equal(appearance_plan(&a, &plan, &err), RC_DENIED);
    assert_string_equal(err.text, "the stored list was not read yet: it would be lost");
    merge(&a, "[a] c d");
    a.max_lines = 3;
    assert_int_equal(appearance_plan(&a, &plan, &err), RC_DENIED);
    assert_string_equal(err.text, "the list has 4 keys, and there is room for 3: remove 1");
    assert_int_equal(plan.lines.len, 0);
    merge(&a, "[a] c d e f"); /* more than the limit already there */
    edit(&a, "-b");
    edit(&a, "c=g");
    assert_string_equal(planned(&a), "1[a] 2g 3d 4e 5f");
    appearance_fini(&a);
}

static void test_bad_lists(void **state)
{
    (void)state;
    struct appearance a;
    struct err err = {0};
    appearance_init(&a);
    merge(&a, "b c");
    edit(&a, "+d");
    struct stored_line wrong[2] = {{.key = 2, .user = user_of('b')},
                                   {.key = 2, .user = user_of('c')}};
    assert_int_equal(appearance_merge(&a, wrong, 2, 0, NULL, &err), RC_PROTO);
    wrong[1] = (struct stored_line){.key = 3, .user = {.id = ""}};
    assert_int_equal(appearance_merge(&a, wrong, 2, 0, NULL, &err), RC_PROTO);
    assert_string_equal(err.text, "key 3 of the stored list has no user");
    wrong[0].key = 0;
    assert_int_equal(appearance_merge(&a, wrong, 1, 0, NULL, &err), RC_PROTO);
    assert_int_equal(appearance_merge(&a, wrong, APPEARANCE_LINES_MAX + 1, 0, NULL, &err),
                     RC_PROTO);
    assert_string_equal(shown(&a), "b c +d");
    appearance_fini(&a);
}

/* Nobody makes them here, but a list that comes so is kept, and can be mended. */
static void test_twins(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "b c b d");
    assert_string_equal(shown(&a), "b c b d");
    assert_string_equal(planned(&a), "nothing");
    edit(&a, "+e -b");
    assert_string_equal(planned(&a), "1c 2b 3d 4e");
    merge(&a, "c b d e");
    assert_string_equal(shown(&a), "c b d e");
    assert_string_equal(planned(&a), "nothing");
    appearance_fini(&a);
}

/* ---- reading --------------------------------------------------------------------------------- */

static void test_names(void **state)
{
    (void)state;
    struct appearance a;
    appearance_init(&a);
    merge(&a, "[a] b f");
    struct stored_line named[] = {
        {.key = 1, .is_reserved = true, .user = user_of('a')},
        {.key = 2, .user = user_of('b')},
        {.key = 3, .user = {.id = "f", .name = "Mia Long"}},
    };
    uint64_t rev = a.rev;
    assert_int_equal(appearance_merge(&a, named, 3, 0, NULL, NULL), RC_OK);
    assert_true(a.rev > rev);
    assert_string_equal(appearance_by_key(&a, 3)->here->name, "Mia Long");
    assert_string_equal(appearance_by_key(&a, 3)->here->extension, "106");
    rev = a.rev;
    merge(&a, "[a] b f"); /* says no name: the known one stays */
    assert_int_equal(a.rev, rev);
    assert_string_equal(appearance_by_extension(&a, "106")->here->name, "Mia Long");
    assert_null(appearance_by_extension(&a, "999"));
    assert_null(appearance_by_key(&a, 0));
    assert_int_equal(appearance_last_key(&a), a.lines.len);
    assert_null(appearance_by_key(&a, 9));
    assert_int_equal(appearance_by_user(&a, "a")->state, LINE_RESERVED);
    appearance_fini(&a);
}

static void test_say(void **state)
{
    (void)state;
    static const char *const wanted[] = {
        "", "key 2   104 Lena Fischer, was key 4", "- 102 Rana Aziz",
        "key 3   107 Pia Holm instead of 103 Omar Said", "+ key 4   106"};
    struct appearance a;
    char text[APPEARANCE_TEXT_BYTES];
    appearance_init(&a);
    merge(&a, "[a] b c d");
    edit(&a, "d>2 -b c=g +f");
    struct appearance_counts counts = appearance_count(&a);
    assert_int_equal(counts.keys, 4);
    assert_int_equal(counts.unsaved, 4);
    assert_int_equal(counts.reserved, 1);
    assert_int_equal(a.lines.len, 5);
    for (size_t i = 0; i < 5; i++) {
        appearance_say(&a.lines.items[i], text, sizeof text);
        assert_string_equal(text, wanted[i]);
    }
    appearance_fini(&a);
}

/* ---- speed ----------------------------------------------------------------------------------- */

/* Both homes busy: 1,000 lines, every tenth removed, added or moved on one side or the other. */
static void test_a_thousand_lines(void **state)
{
    (void)state;
    static struct stored_line lines[1100];
    static char ids[1100][12];
    static struct appearance_edit all[300];
    struct appearance a;
    struct err err = {0};
    appearance_init(&a);
    for (size_t i = 0; i < 1100; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "user%04zu", i);
        lines[i] = (struct stored_line){.key = (uint32_t)i + 1, .user = {.id = ids[i]}};
    }
    assert_int_equal(appearance_merge(&a, lines, 1000, 0, NULL, &err), RC_OK);
    for (size_t i = 0; i < 300; i++) {
        size_t line = (i * 7) % 1000;
        all[i] = (struct appearance_edit){.kind = i % 3 == 0   ? EDIT_REMOVE
                                                  : i % 3 == 1 ? EDIT_MOVE
                                                               : EDIT_SET,
                                          .user = {.id = ids[line]},
                                          .to = {.id = ids[1000 + i % 100]},
                                          .key = (uint32_t)((i * 131) % 900 + 1)};
    }
    appearance_edit(&a, all, 300);
    for (size_t i = 0; i + 500 < 1000; i += 10) {
        struct appearance_user swapped = lines[i].user;
        lines[i].user = lines[i + 500].user;
        lines[i + 500].user = swapped;
    }
    struct appearance_news news;
    int64_t start_ms = clock_mono_ms();
    assert_int_equal(appearance_merge(&a, lines, 1000, 0, &news, &err), RC_OK);
    int64_t took_ms = clock_mono_ms() - start_ms;
    print_message("# 1,000 lines: %lld ms, %zu taken, %zu conflicts\n", (long long)took_ms,
                  news.taken, news.conflicts);
    assert_true(news.taken > 30);
    assert_true(news.conflicts > 10);
    assert_true(took_ms < 1000); /* a few ms; here under sanitizers and beside other tests */
    appearance_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_conflict_facts),
        cmocka_unit_test(test_conflict_without_difference),
        cmocka_unit_test(test_choose_both),
        cmocka_unit_test(test_edit),
        cmocka_unit_test(test_refused_edits),
        cmocka_unit_test(test_edits_at_once),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_doubts),
        cmocka_unit_test(test_sent_beside_a_conflict),
        cmocka_unit_test(test_sent_and_refused),
        cmocka_unit_test(test_sent_one_after_the_other),
        cmocka_unit_test(test_sent_are_few),
        cmocka_unit_test(test_sent_in_the_future),
        cmocka_unit_test(test_sent_comes_after_the_next),
        cmocka_unit_test(test_sent_comes_after_a_move),
        cmocka_unit_test(test_is_as_stored),
        cmocka_unit_test(test_undo_after_merge),
        cmocka_unit_test(test_undo_is_bounded),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_plan_is_refused),
        cmocka_unit_test(test_bad_lists),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_say),
        cmocka_unit_test(test_a_thousand_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
