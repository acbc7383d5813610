#include "callhud/model/filter.h"

#include "callhud/base/str.h"
#include "callhud/base/utf8.h"

#include <string.h>

static const struct {
    const char *word;
    enum filter_field field;
} fields[] = {
    {"is", FILTER_LAMP},   {"dept", FILTER_DEPARTMENT}, {"ext", FILTER_EXTENSION},
    {"name", FILTER_NAME}, {"with", FILTER_PARTY},
};

/* What follows "is:" besides the lamps. */
static const struct {
    const char *word;
    enum filter_field field;
} states[] = {
    {"stale", FILTER_STALE},
    {"supervised", FILTER_SUPERVISED},
    {"recorded", FILTER_RECORDED},
    {"urgent", FILTER_URGENT},
};

enum {
    FIELD_COUNT = sizeof fields / sizeof fields[0],
    STATE_COUNT = sizeof states / sizeof states[0],
    IS_WORDS = 2 * LAMP_COUNT + STATE_COUNT,
};

/* A word as cut from the text: quotes and the sign gone. */
struct word {
    const char *typed; /* where it starts in the text */
    size_t typed_len;
    char *text;   /* in filter.words */
    size_t colon; /* offset of the ':' after a possible field; SIZE_MAX when there is none */
    bool is_negated;
};

/* Control characters part words too: the text is one line. */
static bool is_blank(char c)
{
    return (unsigned char)c <= ' ' || c == '\x7F';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* --- errors ------------------------------------------------------------------------------------
 */

/* The word in a form that may stand in an error line. */
static void quote_word(struct buf *out, const struct word *word)
{
    buf_init(out, 4 * FILTER_TEXT_BYTES);
    utf8_clean(out, word->typed, word->typed_len, FILTER_TEXT_BYTES);
}

static enum rc refuse(struct err *err, const struct word *word, const char *what, const char *right)
{
    struct buf typed;

    quote_word(&typed, word);
    enum rc rc = err_set(err, RC_USAGE, "filter word %s: %s; %s", buf_text(&typed), what, right);
    buf_fini(&typed);
    return rc;
}

/* Every word that may follow "is:"; the JSON names first, so that they win a tie. */
static void list_is_words(const char *names[IS_WORDS])
{
    size_t count = 0;

    for (int lamp = 0; lamp < LAMP_COUNT; lamp++)
        names[count++] = lamp_row((enum lamp)lamp)->json;
    for (size_t i = 0; i < STATE_COUNT; i++)
        names[count++] = states[i].word;
    for (int lamp = 0; lamp < LAMP_COUNT; lamp++)
        names[count++] = lamp_row((enum lamp)lamp)->word;
}

static const char *nearest_is_word(const char *text)
{
    const char *names[IS_WORDS];

    list_is_words(names);
    /* "is:do not disturb" without quotes comes here as "do". */
    for (size_t i = 0; strlen(text) >= 2 && i < IS_WORDS; i++)
        if (strlen(names[i]) > strlen(text) && strncmp(names[i], text, strlen(text)) == 0)
            return names[i];
    return str_nearest(text, names, IS_WORDS);
}

static enum rc refuse_is(struct err *err, const struct word *word, const char *text)
{
    struct buf right;
    const char *nearest = nearest_is_word(text);

    buf_init(&right, ERR_TEXT_BYTES);
    if (nearest != NULL) {
        const char *quote = strchr(nearest, ' ') != NULL ? "\"" : "";
        buf_printf(&right, "did you mean is:%s%s%s?", quote, nearest, quote);
    } else {
        buf_puts(&right, "use is: with");
        for (int lamp = 0; lamp < LAMP_COUNT; lamp++)
            buf_printf(&right, " %s", lamp_row((enum lamp)lamp)->json);
        for (size_t i = 0; i < STATE_COUNT; i++)
            buf_printf(&right, " %s", states[i].word);
    }
    enum rc rc = refuse(err, word, "no such lamp or state", buf_text(&right));
    buf_fini(&right);
    return rc;
}

static enum rc refuse_field(struct err *err, const struct word *word, const char *name)
{
    const char *names[FIELD_COUNT];
    struct buf right;

    for (size_t i = 0; i < FIELD_COUNT; i++)
        names[i] = fields[i].word;
    const char *nearest = str_nearest(name, names, FIELD_COUNT);
    buf_init(&right, ERR_TEXT_BYTES);
    if (nearest != NULL)
        buf_printf(&right, "did you mean %s:? ", nearest);
    else
        buf_puts(&right, "use is: dept: ext: name: with: ");
    buf_puts(&right, "(double quotes make it plain text)");
    enum rc rc = refuse(err, word, "no such field", buf_text(&right));
    buf_fini(&right);
    return rc;
}

/* --- cutting -----------------------------------------------------------------------------------
 */

/* Cuts the word at *at, which is no blank, into *to; both move behind it. */
static enum rc cut_word(struct word *word, const char **at, char **to, struct err *err)
{
    bool is_quoted = false, was_quoted = false;

    *word = (struct word){.typed = *at, .text = *to, .colon = SIZE_MAX};
    if (**at == '-') {
        word->is_negated = true;
        (*at)++;
    }
    for (; **at != '\0' && (is_quoted || !is_blank(**at)); (*at)++) {
        if (**at == '"') {
            is_quoted = !is_quoted;
            was_quoted = true;
            continue;
        }
        if (**at == ':' && !was_quoted && word->colon == SIZE_MAX)
            word->colon = (size_t)(*to - word->text);
        *(*to)++ = **at;
    }
    *(*to)++ = '\0';
    word->typed_len = (size_t)(*at - word->typed);
    if (is_quoted)
        return refuse(err, word, "the double quote is not closed", "put another at its end");
    if (word->is_negated && word->text[0] == '\0')
        return refuse(err, word, "nothing follows the '-'",
                      "put what is not wanted behind it, or \"-\" to find a dash");
    return RC_OK;
}

static bool has_field(const struct word *word)
{
    if (word->colon == SIZE_MAX || word->colon == 0)
        return false;
    for (size_t i = 0; i < word->colon; i++)
        if (!is_letter(word->text[i]))
            return false;
    return true;
}

static enum rc set_state(struct filter_term *term, const struct word *word, const char *text,
                         struct err *err)
{
    if (lamp_from_text(text, &term->lamp))
        return RC_OK;
    for (size_t i = 0; i < STATE_COUNT; i++)
        if (str_eq_nocase(text, states[i].word)) {
            term->field = states[i].field;
            return RC_OK;
        }
    return refuse_is(err, word, text);
}

static enum rc set_term(struct filter *filter, struct filter_term *term, const struct word *word,
                        struct err *err)
{
    char *text = word->text;

    *term = (struct filter_term){.field = FILTER_ANY, .is_negated = word->is_negated};
    if (has_field(word)) {
        size_t i = 0;
        text[word->colon] = '\0';
        while (i < FIELD_COUNT && !str_eq_nocase(text, fields[i].word))
            i++;
        if (i == FIELD_COUNT)
            return refuse_field(err, word, text);
        term->field = fields[i].field;
        text += word->colon + 1;
        if (text[0] == '\0')
            return refuse(err, word, "nothing follows the ':'",
                          i == 0 ? "put a lamp behind it, as in is:hold" : "put a text behind it");
    }
    term->text_at = (size_t)(text - filter->words);
    return term->field == FILTER_LAMP ? set_state(term, word, text, err) : RC_OK;
}

enum rc filter_parse(struct filter *filter, const char *text, struct err *err)
{
    struct filter next = {0};
    char *to = next.words;
    struct word word;

    if (!str_copy(next.text, sizeof next.text, text))
        return err_set(err, RC_USAGE, "the filter is too long: it may have %d bytes, cut it down",
                       FILTER_TEXT_BYTES - 1);
    for (const char *at = next.text;;) {
        while (*at != '\0' && is_blank(*at))
            at++;
        if (*at == '\0')
            break;
        enum rc rc = cut_word(&word, &at, &to, err);
        if (rc != RC_OK)
            return rc;
        if (word.text[0] == '\0') /* "" says nothing */
            continue;
        if (next.len == FILTER_TERMS_MAX)
            return refuse(err, &word, "too many words", "use 16 at most");
        rc = set_term(&next, &next.terms[next.len], &word, err);
        if (rc != RC_OK)
            return rc;
        next.len++;
    }
    *filter = next;
    return RC_OK;
}

/* --- passing -----------------------------------------------------------------------------------
 */

/* Numbers are written in many ways: only their digits count when the text looks like one. */
static bool is_number_like(const char *text)
{
    return text[strspn(text, "0123456789+-()./ ")] == '\0' && strpbrk(text, "0123456789") != NULL;
}

static bool has_party(const struct user *user, const char *text)
{
    bool is_number = is_number_like(text);

    for (size_t i = 0; i < user->calls.len; i++) {
        const struct call *call = &user->calls.items[i];
        if (str_find_folded(call->name, text) || str_find_folded(call->number, text) ||
            (is_number && str_find_number(call->number, text)))
            return true;
    }
    return false;
}

static bool starts_with(const char *text, const char *prefix)
{
    char start[FILTER_TEXT_BYTES];

    /* A prefix cut inside a character can be equal to nothing valid. */
    size_t len = strlen(prefix);
    if (strlen(text) < len || len >= sizeof start)
        return false;
    memcpy(start, text, len);
    start[len] = '\0';
    return str_eq_nocase(start, prefix);
}

static bool is_supervised(const struct user *user)
{
    for (size_t i = 0; i < user->calls.len; i++)
        if (user->calls.items[i].supervisors_len > 0)
            return true;
    return false;
}

static bool is_recorded(const struct user *user)
{
    for (size_t i = 0; i < user->calls.len; i++)
        if (user->calls.items[i].is_recorded)
            return true;
    return false;
}

static bool term_passes(const struct filter_term *term, const char *text, const struct user *user,
                        const struct lamp_view *view)
{
    /* Calls that no view shows must not be found either. */
    bool has_calls = !user->is_withheld && view->lamp != LAMP_UNKNOWN;

    switch (term->field) {
    case FILTER_LAMP: return view->lamp == term->lamp;
    case FILTER_STALE: return view->is_stale;
    case FILTER_SUPERVISED: return has_calls && is_supervised(user);
    case FILTER_RECORDED: return has_calls && is_recorded(user);
    case FILTER_URGENT: return view->lamp <= LAMP_PARKED;
    case FILTER_DEPARTMENT: return str_find_folded(user->department, text);
    case FILTER_EXTENSION: return starts_with(user->extension, text);
    case FILTER_NAME: return str_find_folded(user->name, text);
    case FILTER_PARTY: return has_calls && has_party(user, text);
    case FILTER_ANY:
        return str_find_folded(user->name, text) || starts_with(user->extension, text) ||
               str_find_folded(user->department, text) || (has_calls && has_party(user, text));
    }
    return false;
}

bool filter_passes(const struct filter *filter, const struct hud *hud, const struct user *user,
                   int64_t now_ms)
{
    if (filter == NULL || filter->len == 0)
        return true;
    struct lamp_view view = hud_lamp(hud, user, now_ms);
    for (size_t i = 0; i < filter->len; i++) {
        const struct filter_term *term = &filter->terms[i];
        if (term_passes(term, filter->words + term->text_at, user, &view) == term->is_negated)
            return false;
    }
    return true;
}
