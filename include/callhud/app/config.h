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
struct config_section {
    char *name;
    unsigned line; /* where it stands first */
};

struct config {
    char *path;                          /* as opened, for messages */
    VEC(struct config_section) sections; /* in the order of the file, each once */
    VEC(struct config_entry) entries;
};

#define CONFIG_LINE_MAX_BYTES 4096
#define CONFIG_FILE_MAX_BYTES (1024 * 1024)
#define PROFILE_NAME_BYTES 64

/* Parses text. Lines: blank, "# comment" or "; comment" (whole lines only: a '#' or ';' later in a
 * line belongs to the value), [section], key = value. A section may be continued further down. Any
 * unknown section or key is an error that names FILE:LINE and the nearest known one, as are
 * doubles, lines without '=', NULs, bytes that are not UTF-8, lines above 4,096 bytes, a file above
 * 1 MiB. On an error *out is empty. */
enum rc config_parse(struct config *out, const char *text, size_t len, const char *path,
                     struct err *err);
/* Reads and parses the file. A missing file is an empty configuration unless is_required. */
enum rc config_load(struct config *out, const char *path, bool is_required, struct err *err);
void config_fini(struct config *config);
/* Names of the profiles in the order of the file; the array is the caller's (mem_free), the names
 * are the configuration's. */
size_t config_profiles(const struct config *config, const char ***names);
/* NULL when the section has no such key. */
const struct config_entry *config_find(const struct config *config, const char *section,
                                       const char *key);

/* --- the option table ---------------------------------------------------------------------------
 */

enum option_type {
    OPTION_TEXT,
    OPTION_PATH, /* "~/" is the home folder, a relative one starts where the configuration is */
    OPTION_BOOL,
    OPTION_CHOICE,
    OPTION_NUMBER,
    OPTION_SECRET, /* in the file as NAME_command or NAME_file */
};
enum option_where { OPTION_IN_CALLHUD = 1, OPTION_IN_PROFILE = 2 }; /* bits */

struct option_row {
    const char *name;
    enum option_type type;
    unsigned where;
    const char *choices;  /* "on|off|auto" for OPTION_CHOICE, in the order of the enum it becomes */
    const char *fallback; /* text of the default; "" */
    const char *sentence; /* for the man page */
    size_t offset;        /* into struct settings: char *, bool or int (choice, number) */
    int min, max;         /* of OPTION_NUMBER */
    const char *unit;     /* "seconds"; "" */
};
extern const struct option_row option_table[];
extern const size_t option_table_len;

/* The row that a key of [callhud] or [profile] belongs to; NULL. For "password_file" that of
 * "password". */
const struct option_row *option_find(const char *key);
/* yes no on off true false 1 0, in any case. */
bool option_bool(const char *text, bool *out);
/* The position of text among the choices; -1. */
int option_choice(const struct option_row *row, const char *text);
/* A whole number that the row allows. */
bool option_number(const struct option_row *row, const char *text, int *out);
/* "config.ini:7: unknown key ...". section is "callhud" or "profile NAME". */
enum rc option_unknown(const char *path, const struct config_entry *entry, struct err *err);

enum glyphs { GLYPHS_AUTO, GLYPHS_ASCII, GLYPHS_UTF8 };
enum audit_rule { AUDIT_ON, AUDIT_REQUIRED };
enum sync_rule { SYNC_ON_SAVE, SYNC_AUTOMATIC };

/* Everything one run needs: [callhud], overridden by [profile NAME], secrets fetched. Owned
 * strings, never NULL. */
struct settings {
    char *profile;
    /* backend */
    char *backend, *server, *user, *password, *phone, *monitor, *dnd_device;
    char *client_id, *client_secret, *jwt, *device; /* RingCentral */
    char *ca_file, *tls_name, *pin_sha256;
    bool ring_when_monitored_rings, pick_up_held_lines, ring_locks_hold;
    /* acting */
    int ring_timeout_s; /* of the supervisor's own phone */
    bool is_auto_answer, is_pickup_confirmed;
    int audit; /* enum audit_rule */
    int sync;  /* enum sync_rule: when edits of the HUD list are sent */
    char *retrieve_context;
    /* screen: a reload of what stands here keeps the connection */
    char *theme;
    int bell;    /* enum ui_bell */
    int numbers; /* enum ui_numbers */
    int order;   /* enum order_by */
    int view;    /* 0 grid, 1 dense, 2 table */
    int glyphs;  /* enum glyphs */
    bool is_blinking, is_mouse, is_sync_output;
    /* people and keys */
    VEC(struct backend_user)
    users;            /* [users], then [users NAME]: the latter replaces by extension */
    VEC(char *) keys; /* pairs, then NULL */
};

/* The profile's settings; name NULL: the only profile (with several, an error that names them).
 * Errors say what to do ("no profile: see callhud doctor --example asterisk"). Secrets are NOT
 * fetched yet. */
enum rc settings_make(struct settings *out, const struct config *config, const char *name,
                      struct err *err);
enum secret_need { SECRET_UNUSED, SECRET_OPTIONAL, SECRET_NEEDED };
/* Whether the profile's kind of telephone system signs in with the secret of this name. */
enum secret_need settings_secret_need(const struct settings *settings, const char *name);
/* Fetches the secrets that the profile needs or may have: from the environment
 * CALLHUD_<PROFILE>_<NAME>, else NAME_command (run by /bin/sh, 10 s), else NAME_file (refused when
 * it is not a regular file of this user or root, or when group or others may read it). The first
 * line of each counts, at most 4,096 bytes. They are registered with the log's redaction, alone and
 * as HTTP Basic. */
enum rc settings_secrets(struct settings *settings, const struct config *config, struct err *err);
void settings_fini(struct settings *settings); /* wipes the secrets */

/* Is all that a connection depends on the same? What the screens alone look at (`theme` and what
 * follows it in struct settings) may differ. */
bool settings_same_connection(const struct settings *a, const struct settings *b);

/* Borrowed view for backend_ops.open(): valid as long as the settings. */
void settings_backend(const struct settings *settings, struct backend_config *out,
                      bool is_read_only);

/* --- secrets ------------------------------------------------------------------------------------
 */

#define SECRET_MAX_BYTES 4096

/* Each gives a text of the caller's (mem_free_secret). what is "password_file" and the like, for
 * messages; a secret itself is never in one. */
enum rc secret_from_command(char **out, const char *command, const char *what, int limit_ms,
                            struct err *err);
enum rc secret_from_file(char **out, const char *path, const char *what, struct err *err);
/* CALLHUD_<PROFILE>_<NAME>: upper case, whatever is no letter or digit is '_'. */
void secret_variable(char *out, size_t size, const char *profile, const char *name);

#endif
