#include "callhud/model/desk.h"

#include "callhud/base/str.h"

static const char *const words[] = {[DESK_DETAILS_ALL] = "all",
                                    [DESK_DETAILS_PERMITTED] = "permitted",
                                    [DESK_DETAILS_NONE] = "none"};
#define WORDS (sizeof words / sizeof *words)

const char *desk_details_word(enum desk_details details)
{
    return words[(unsigned)details < WORDS ? details : DESK_DETAILS_NONE];
}

bool desk_details_from_word(const char *word, enum desk_details *out)
{
    for (unsigned i = 0; i < WORDS; i++)
        if (str_eq(word, words[i])) {
            *out = (enum desk_details)i;
            return true;
        }
    return false;
}
