/* What a person types to find users:  noor   101   sales   is:hold   is:free   dept:sales   -is:offline
 * Words are joined by "and"; a word in double quotes keeps its blanks; "-" before a word negates it.
 *   is:LAMP   lamp by JSON name, word or letter; also is:stale, is:supervised, is:recorded, is:urgent
 *   dept:X    department contains X;   ext:X extension starts with X;   name:X   with:X other party
 *   X         name, extension (starts with), department, other party's name or number */
#ifndef CALLHUD_MODEL_FILTER_H
#define CALLHUD_MODEL_FILTER_H

#include "callhud/base/err.h"
#include "callhud/model/hud.h"

#define FILTER_TERMS_MAX 16
#define FILTER_TEXT_BYTES 256

enum filter_field {
    FILTER_ANY, FILTER_LAMP, FILTER_STALE, FILTER_SUPERVISED, FILTER_RECORDED, FILTER_URGENT,
    FILTER_DEPARTMENT, FILTER_EXTENSION, FILTER_NAME, FILTER_PARTY
};
struct filter_term {
    enum filter_field field;
    bool is_negated;
    enum lamp lamp;
    size_t text_at; /* of its text in filter.words: a filter may be copied as a value */
};
struct filter {
    char text[FILTER_TEXT_BYTES];  /* as typed, for the status line */
    char words[FILTER_TEXT_BYTES]; /* cut up */
    struct filter_term terms[FILTER_TERMS_MAX];
    size_t len;
};

/* On an error the filter is left as it was. "" is the filter that everything passes. The text is
 * one line; an error (RC_USAGE) names the word and what would be right. */
enum rc filter_parse(struct filter *filter, const char *text, struct err *err);
/* A NULL filter lets everybody pass. Calls that are withheld, or of a user whose lamp is unknown, are
 * not looked at: what no view shows is not found. */
bool filter_passes(const struct filter *filter, const struct hud *hud, const struct user *user,
                   int64_t now_ms);

#endif
