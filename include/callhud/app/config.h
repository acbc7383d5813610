/* Configuration: an INI file read by a reader of our own (bounded, fuzzed, keeps what it does not
 * change), the table of options, and the settings of one profile made from both. */
#ifndef CALLHUD_APP_CONFIG_H
#define CALLHUD_APP_CONFIG_H

#include "callhud/backend/backend.h"
#include "callhud/base/err.h"
#include "callhud/base/vec.h"
#include "callhud/ui/ui.h"

/* One `key = value` of the file. */
struct config_entry {
    char *section; /* "callhud", "profile lab", "users", "users lab", "keys" */
    char *key;
    char *value;
    unsigned line;
};

struct config {
    char *path; /* as opened, for messages */
    VEC(struct config_entry) entries;
};

/* Parses text. Lines: blank, "# comment" or "; comment" (whole lines only: a '#' or ';' later in a
 * line belongs to the value), [section], key = value. Any unknown section or key is an error that names
 * FILE:LINE and the nearest known one, as are doubles, lines without '=', NULs, lines above 4,096 bytes,
 * a file above 1 MiB. On an error *out is empty. */
enum rc config_parse(struct config *out, const char *text, size_t len, const char *path,
                     struct err *err);
/* Reads and parses the file. A missing file is an empty configuration unless is_required. */
enum rc config_load(struct config *out, const char *path, bool is_required, struct err *err);
void config_fini(struct config *config);
/* Names of the profiles in the order of the file; the array is the caller's (mem_free), the names are
 * the configuration's. */
size_t config_profiles(const struct config *config, const char ***names);

/* --- the option table --------------------------------------------------------------------------- */

enum option_type { OPTION_TEXT, OPTION_BOOL, OPTION_CHOICE, OPTION_NUMBER, OPTION_SECRET };
enum option_where { OPTION_IN_CALLHUD = 1, OPTION_IN_PROFILE = 2 }; /* bits */

struct option_row {
    const char *name;
    enum option_type type;
    unsigned where;
    const char *choices;  /* "on|off|auto" for OPTION_CHOICE, in the order of the enum it becomes */
    const char *fallback; /* text of the default; "" */
    const char *unit;     /* "" */
    const char *sentence; /* for the man page and doctor */
    size_t offset;        /* into struct settings: char *, bool, int (choice) or int64_t (number) */
    int64_t min, max;     /* of numbers */
};
extern const struct option_row option_table[];
extern const size_t option_table_len;

enum glyphs { GLYPHS_AUTO, GLYPHS_ASCII, GLYPHS_UTF8 };

/* Everything one run needs: [callhud], overridden by [profile NAME], secrets fetched. Owned strings,
 * never NULL. */
struct settings {
    char *profile;
    /* backend */
    char *backend, *server, *user, *password, *phone, *monitor, *dnd_device;
    char *ca_file, *tls_name, *pin_sha256;
    bool ring_when_monitored_rings, pick_up_held_lines;
    /* screen */
    char *theme;
    int bell;    /* enum ui_bell */
    int numbers; /* enum ui_numbers */
    int order;   /* enum order_by */
    int view;    /* 0 grid, 1 dense, 2 table */
    int glyphs;  /* enum glyphs */
    bool is_blinking, is_mouse, is_sync_output;
    /* people and keys */
    VEC(struct backend_user) users; /* [users], then [users NAME]: the latter replaces by extension */
    VEC(char *) keys;               /* pairs, then NULL */
};

/* The profile's settings; name NULL: the only profile, or the first one when is_first_ok. Errors say
 * what to do ("no profile: see callhud doctor --example asterisk"). Secrets are NOT fetched yet. */
enum rc settings_make(struct settings *out, const struct config *config, const char *name,
                      struct err *err);
/* Fetches the secrets of the profile: NAME_command (run by /bin/sh, first line of its output, 10 s),
 * NAME_file (refused when group or others can read it, unless owned by root and a plain secret mount),
 * or the environment CALLHUD_<PROFILE>_<NAME>; registers them with the log's redaction. */
enum rc settings_secrets(struct settings *settings, const struct config *config, struct err *err);
void settings_fini(struct settings *settings); /* wipes the secrets */

/* Borrowed view for backend_ops.open(): valid as long as the settings. */
void settings_backend(const struct settings *settings, struct backend_config *out, bool is_read_only);

#endif
