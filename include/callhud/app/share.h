/* The files of src/share/, built into the program: src/share/embed.cmake makes the C file that
 * defines this table. The same files are installed beside it. */
#ifndef CALLHUD_APP_SHARE_H
#define CALLHUD_APP_SHARE_H

struct share_file {
    const char *name; /* "asterisk/extensions_callhud.conf"; NULL in the last row */
    const char *text; /* the file as it is */
};
extern const struct share_file share_files[]; /* sorted by name */

#endif
