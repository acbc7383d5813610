#include "callhud/base/utf8.h"

/* Made from the canonical decompositions of the Unicode character database, and by hand for the
 * letters that have none (stroke, ligature, eth, thorn). A full stop: no such letter. */
static const char latin_c0[] = "AAAAAAACEEEEIIIIDNOOOOO.OUUUUYTsaaaaaaaceeeeiiiidnooooo.ouuuuyty"
                               "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi..JjKkkLlLlLlL"
                               "lLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"
                               ".........D....EA..f.............Oo.............Uu..............."
                               ".............AaIiOoUuUuUuUuUueAaAa....GgKkOoOo..j...Gg..NnAa...."
                               "AaAaEeEeIiIiOoOoRrRrUuUuSsTt..Hh......AaEeOoOoOoOoYy";
static const char latin_1e00[] = "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
                                 "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
                                 "WwWwWwWwWwXxXxYyZzZzZzhtwy....S.AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
                                 "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy";

char utf8_latin_letter(uint32_t c)
{
    char letter = '.';

    if (c >= 0xC0 && c - 0xC0 < sizeof latin_c0 - 1)
        letter = latin_c0[c - 0xC0];
    else if (c >= 0x1E00 && c - 0x1E00 < sizeof latin_1e00 - 1)
        letter = latin_1e00[c - 0x1E00];
    return letter == '.' ? '\0' : letter;
}
