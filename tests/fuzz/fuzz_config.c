/* A configuration file of any bytes: read, and made into the settings of each of its profiles. */
#include "callhud/app/config.h"
#include "callhud/base/str.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    CHECK(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
    return 0;
}

static void check_error(const struct err *err)
{
    CHECK(err->rc == RC_CONFIG);
    CHECK(err->text[0] != '\0');
    for (const char *c = err->text; *c; c++)
        CHECK((unsigned char)*c >= 0x20 && *c != 0x7F);
}

static void check_settings(const struct settings *s)
{
    struct backend_config backend;
    const char *hole = strchr(s->dnd_device, '%');
    settings_backend(s, &backend, true);
    CHECK(backend.server[0] && !str_ends(backend.server, "/"));
    CHECK(backend.access.user && !backend.access.password);
    CHECK(!s->dnd_device[0] || (hole && hole[1] == 's' && !strchr(hole + 1, '%')));
    CHECK(s->keys.len % 2 == 1 && !s->keys.items[s->keys.len - 1]);
    for (size_t i = 0; i < backend.users_len; i++) {
        const struct backend_user *user = &backend.users[i];
        CHECK(user->extension[0]);
        CHECK(!strchr(user->name, '\x1b') && !strchr(user->department, '\x1b'));
        for (size_t k = 0; k < user->endpoints_len; k++)
            CHECK(strchr(user->endpoints[k], '/'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config config;
    struct err err = {0};
    if (config_parse(&config, (const char *)data, size, "/etc/c/config.ini", &err) != RC_OK) {
        check_error(&err);
        CHECK(!config.path && !config.entries.len && !config.sections.len);
        return 0;
    }
    const char **names;
    size_t count = config_profiles(&config, &names);
    for (size_t i = 0; i < count && i < 8; i++) {
        struct settings settings;
        if (settings_make(&settings, &config, names[i], &err) == RC_OK) {
            check_settings(&settings);
            settings_fini(&settings);
        } else {
            check_error(&err);
        }
    }
    mem_free(names);
    config_fini(&config);
    return 0;
}
