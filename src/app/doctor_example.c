/* doctor --example: what to put on the server and into the configuration. */
#include "callhud/app/doctor.h"

#include "callhud/app/share.h"
#include "callhud/base/str.h"

#include <stdio.h>

static const char http_conf[] =
    "; ARI is reached over Asterisk's own web server. Plain http stays on the machine\n"
    "; itself; from elsewhere use TLS. Then: asterisk -rx 'module reload http'\n"
    "[general]\n"
    "enabled = yes\n"
    "bindaddr = 127.0.0.1\n"
    "bindport = 8088\n"
    "tlsenable = yes\n"
    "tlsbindaddr = 0.0.0.0:8089\n"
    "tlscertfile = /etc/asterisk/keys/pbx.pem\n"
    "tlsprivatekey = /etc/asterisk/keys/pbx.key\n";

static const char config_ini[] =
    "[profile work]\n"
    "backend = asterisk\n"
    "server = https://pbx.example.com:8089/ari\n"
    "user = hud\n"
    "# One of: password_file (chmod 600), password_command, or the variable\n"
    "# CALLHUD_WORK_PASSWORD. The password itself does not belong into this file.\n"
    "password_file = ~/.config/callhud/work.pass\n"
    "# password_command = pass show pbx/hud\n"
    "# who is watched: all, list (yours that is stored, else people below), or numbers and ranges\n"
    "monitor = 101-108\n"
    "ring_when_monitored_rings = no\n"
    "# the device state that your dialplan sets for do not disturb; empty: none\n"
    "dnd_device = Custom:DND%s\n"
    "# for a certificate of your own authority:\n"
    "# ca_file = ~/.config/callhud/ca.pem\n"
    "\n"
    "# Acting on calls: your own phone, which rings for pick up, listen and the like; how\n"
    "# many seconds; whether it is asked to lift itself\n"
    "phone = PJSIP/108\n"
    "ring_timeout = 20\n"
    "auto_answer = no\n"
    "# may a line that a monitored user holds be picked up, and does the console ask first\n"
    "pick_up_held_lines = yes\n"
    "confirm_pickup = yes\n"
    "# required: no action whose record cannot be written; see callhud audit\n"
    "audit = on\n"
    "\n"
    "[users work]\n"
    "# extension = name | department | devices; what is left out is found on the server\n"
    "101 = Noor Haddad | Cartier | PJSIP/noor-desk, PJSIP/noor-web\n"
    "102 = Rana Aziz | Cartier\n"
    "\n"
    "# then: callhud doctor\n";

static void put_file(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "# ---- %s ----\n\n%s\n", name, text);
}

static const char *share_text(const char *name)
{
    for (const struct share_file *file = share_files; file->name; file++) {
        if (str_eq(file->name, name))
            return file->text;
    }
    return "";
}

static void asterisk(struct buf *out)
{
    put_file(out, "on the server: /etc/asterisk/http.conf", http_conf);
    for (const struct share_file *file = share_files; file->name; file++) {
        char name[128];
        if (!str_starts(file->name, "asterisk/"))
            continue;
        (void)snprintf(name, sizeof name, "on the server: /etc/%s", file->name);
        put_file(out, name, file->text);
    }
    put_file(out, "here: ~/.config/callhud/config.ini", config_ini);
}

static void ringcentral(struct buf *out)
{
    put_file(out, "in RingCentral's developer console", share_text("ringcentral/application.txt"));
    put_file(out, "here: ~/.config/callhud/config.ini", share_text("ringcentral/config.ini"));
}

enum rc doctor_example(const char *kind, struct buf *out, struct err *err)
{
    static const struct {
        const char *kind;
        void (*put)(struct buf *out);
    } kinds[] = {{"asterisk", asterisk}, {"ringcentral", ringcentral}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!str_eq(kind, kinds[i].kind))
            continue;
        kinds[i].put(out);
        return RC_OK;
    }
    return err_set(err, RC_USAGE,
                   "no example '%.60s': there are --example asterisk and --example ringcentral",
                   kind);
}
