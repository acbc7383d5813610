/* The table of what a configuration may say. Reader, settings and man page are driven by it. */
#include "callhud/app/config.h"

#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>

#define BOTH (OPTION_IN_CALLHUD | OPTION_IN_PROFILE)
#define ORDER_CHOICE(name, word, text) "|" word
#define AT(field) offsetof(struct settings, field), 0, 0, ""
#define NUMBER_AT(field, min, max, unit) offsetof(struct settings, field), min, max, unit

const struct option_row option_table[] = {
    {"backend", OPTION_TEXT, OPTION_IN_PROFILE, "", "asterisk",
     "The kind of telephone system: asterisk or ringcentral.", AT(backend)},
    {"server", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "Its address. For Asterisk that of ARI, such as https://pbx.example.com:8089/ari; for "
     "RingCentral https://platform.ringcentral.com when not given. Plain http:// is accepted for "
     "this machine alone.",
     AT(server)},
    {"user", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "Asterisk: the name to sign in with, a user of ari.conf.", AT(user)},
    {"password", OPTION_SECRET, OPTION_IN_PROFILE, "", "",
     "Its password, in one of three ways, never in the file itself: password_command is run by "
     "/bin/sh and prints it, password_file names a file that only its owner can read, or the "
     "variable CALLHUD_<PROFILE>_PASSWORD holds it and goes before both. The first line counts.",
     AT(password)},
    {"client_id", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "RingCentral: the client ID of the application that was made in its developer console.",
     AT(client_id)},
    {"client_secret", OPTION_SECRET, OPTION_IN_PROFILE, "", "",
     "RingCentral: the application's secret, given in the same three ways as password; a public "
     "application has none.",
     AT(client_secret)},
    {"jwt", OPTION_SECRET, OPTION_IN_PROFILE, "", "",
     "RingCentral: the person's JWT credential, made in the developer console and given in the "
     "same three ways as password.",
     AT(jwt)},
    {"phone", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "Asterisk: the supervisor's own phone, such as PJSIP/108.", AT(phone)},
    {"device", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "RingCentral: the ID of the supervisor's own device, which rings for actions that need it. "
     "When not given, the first that can and is online.",
     AT(device)},
    {"monitor", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "Who is watched. Asterisk: all (people of [users] and every phone whose name is a number), "
     "list (the stored list of your phone's extension; while there is none, people of [users]), or "
     "numbers and ranges such as 101-108,201; when not given, all. RingCentral: list (the lines of "
     "the supervisor's presence settings), all (everybody of "
     "the account), or numbers and ranges; when not given, list.",
     AT(monitor)},
    {"dnd_device", OPTION_TEXT, OPTION_IN_PROFILE, "", "Custom:DND%s",
     "Asterisk: the device state that says do not disturb; %s stands for the extension. Empty: "
     "there is none.",
     AT(dnd_device)},
    {"ring_when_monitored_rings", OPTION_BOOL, OPTION_IN_PROFILE, "", "no",
     "Ring my phone when any user I am monitoring rings: here the terminal's bell sounds. "
     "RingCentral keeps this setting itself.",
     AT(ring_when_monitored_rings)},
    {"pick_up_held_lines", OPTION_BOOL, OPTION_IN_PROFILE, "", "no",
     "Enable me to pick up a monitored line on hold: a held line blinks when it may be picked up. "
     "RingCentral keeps this setting itself.",
     AT(pick_up_held_lines)},
    {"ring_locks_hold", OPTION_BOOL, OPTION_IN_PROFILE, "", "yes",
     "RingCentral: whether held lines can not be picked up while my phone rings for monitored "
     "users, as its description of the two settings says. Say no where the account does not "
     "enforce it.",
     AT(ring_locks_hold)},
    {"retrieve_context", OPTION_TEXT, OPTION_IN_PROFILE, "", "retrieve",
     "The part of Asterisk's dialplan that pick up and take over go through; callhud doctor "
     "--example asterisk prints it.",
     AT(retrieve_context)},
    {"ca_file", OPTION_PATH, OPTION_IN_PROFILE, "", "",
     "Certificates (PEM) to trust in place of the system's.", AT(ca_file)},
    {"tls_name", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "The name that the server's certificate must have, when it is not that of the address.",
     AT(tls_name)},
    {"pin_sha256", OPTION_TEXT, OPTION_IN_PROFILE, "", "",
     "The only public key to accept, as sha256//BASE64; several are separated by ';'.",
     AT(pin_sha256)},
    {"ring_timeout", OPTION_NUMBER, BOTH, "", "20",
     "How long the supervisor's own phone rings before an action that needs it is given up.",
     NUMBER_AT(ring_timeout_s, 5, 120, "seconds")},
    {"auto_answer", OPTION_BOOL, BOTH, "", "no",
     "Whether that phone is asked to lift itself, for phones that obey.", AT(is_auto_answer)},
    {"confirm_pickup", OPTION_BOOL, BOTH, "", "yes",
     "Whether the console shows who is on the line, since when and whose line it is, before it "
     "picks up.",
     AT(is_pickup_confirmed)},
    {"audit", OPTION_CHOICE, BOTH, "on|required", "on",
     "Every action is recorded; with required none is started whose record cannot be written.",
     AT(audit)},
    {"sync", OPTION_CHOICE, BOTH, "on-save|automatic", "on-save",
     "When edits of the HUD list are sent: by S, or by themselves after 3 seconds of quiet; "
     "automatic asks only when a phone would restart.",
     AT(sync)},
    {"theme", OPTION_TEXT, BOTH, "", "default", "The theme; callhud theme list names them.",
     AT(theme)},
    {"view", OPTION_CHOICE, BOTH, "grid|dense|table", "grid", "The view to begin with.", AT(view)},
    {"order", OPTION_CHOICE, BOTH, &(ORDER_LIST(ORDER_CHOICE))[1], "line",
     "The order to begin with.", AT(order)},
    {"bell", OPTION_CHOICE, BOTH, "on|off|auto", "on",
     "Whether ringing sounds the bell; auto is silent while the supervisor's own phone rings for "
     "it.",
     AT(bell)},
    {"blink", OPTION_BOOL, BOTH, "", "yes", "Whether ringing and held lines blink.",
     AT(is_blinking)},
    {"numbers", OPTION_CHOICE, BOTH, "full|last4|hidden", "full",
     "How much of telephone numbers the screen shows.", AT(numbers)},
    {"glyphs", OPTION_CHOICE, BOTH, "auto|ascii|utf8", "auto",
     "The signs of the lamps; auto uses ASCII where the terminal cannot show the others.",
     AT(glyphs)},
    {"mouse", OPTION_BOOL, BOTH, "", "no",
     "Whether the mouse selects users; the terminal then cannot select text by itself.",
     AT(is_mouse)},
    {"sync_output", OPTION_BOOL, BOTH, "", "yes",
     "Whether frames are bracketed, for terminals that then show them whole.", AT(is_sync_output)},
};
const size_t option_table_len = sizeof option_table / sizeof *option_table;

const struct option_row *option_find(const char *key)
{
    for (size_t i = 0; i < option_table_len; i++) {
        const struct option_row *row = &option_table[i];
        if (str_eq(row->name, key))
            return row;
        size_t len = strlen(row->name);
        if (row->type == OPTION_SECRET && strncmp(key, row->name, len) == 0 &&
            (str_eq(key + len, "_command") || str_eq(key + len, "_file")))
            return row;
    }
    return NULL;
}

bool option_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"yes", "on", "true", "1"};
    static const char *const no[] = {"no", "off", "false", "0"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        *out = str_eq_nocase(text, yes[i]);
        if (*out || str_eq_nocase(text, no[i]))
            return true;
    }
    return false;
}

int option_choice(const struct option_row *row, const char *text)
{
    char copy[128];
    str_copy(copy, sizeof copy, row->choices);
    char *rest = copy;
    int at = 0;
    for (const char *one; (one = str_next_field(&rest, '|')); at++) {
        if (str_eq_nocase(one, text))
            return at;
    }
    return -1;
}

bool option_number(const struct option_row *row, const char *text, int *out)
{
    int64_t number;
    if (!str_to_int(text, row->min, row->max, &number))
        return false;
    *out = (int)number;
    return true;
}

enum rc option_unknown(const char *path, const struct config_entry *entry, struct err *err)
{
    unsigned where = str_eq(entry->section, "callhud") ? OPTION_IN_CALLHUD : OPTION_IN_PROFILE;
    if (option_find(entry->key)) {
        return err_set(err, RC_CONFIG, "%s:%u: '%s' does not belong in [%s]: put it into [%s]",
                       path, entry->line, entry->key, entry->section,
                       where == OPTION_IN_CALLHUD ? "profile NAME" : "callhud");
    }
    static const char *const secrets[] = {"password_command",      "password_file",
                                          "client_secret_command", "client_secret_file",
                                          "jwt_command",           "jwt_file"};
    const char *names[64];
    size_t count = 0;
    for (size_t i = 0; i < option_table_len; i++) {
        if ((option_table[i].where & where) && option_table[i].type != OPTION_SECRET)
            names[count++] = option_table[i].name;
    }
    if (where == OPTION_IN_PROFILE) {
        for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
            names[count++] = secrets[i];
    }
    const char *near = str_nearest(entry->key, names, count);
    if (near) {
        return err_set(err, RC_CONFIG, "%s:%u: unknown key '%.60s' in [%s]: did you mean '%s'?",
                       path, entry->line, entry->key, entry->section, near);
    }
    return err_set(err, RC_CONFIG, "%s:%u: unknown key '%.60s' in [%s]: man 5 callhud lists them",
                   path, entry->line, entry->key, entry->section);
}
