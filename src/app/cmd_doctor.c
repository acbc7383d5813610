/* callhud doctor: what works, what does not, and what to do about it. */
#include "callhud/app/doctor.h"
#include "callhud/app/report.h"
#include "callhud/app/start.h"
#include "callhud/base/log.h"
#include "callhud/base/str.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define OUT_MAX_BYTES (1024 * 1024)

static const char *const result_words[] = {"ok", "warn", "FAIL", "skip"};

void doctor_say(struct doctor *d, const char *check, enum doctor_result result, const char *format,
                ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)str_vformat(text, sizeof text, format, args);
    va_end(args);
    log_redact(text);
    struct doctor_line line = {.check = check, .result = result, .text = mem_dup(text)};
    VEC_PUSH(&d->lines, line);
    if (d->cli->format == FORMAT_TABLE) {
        printf("%-4s  %-14s  %s\n", result_words[result], check, text);
        fflush(stdout);
    }
}

static int print_example(const struct cli *cli)
{
    struct buf out;
    struct err err = {0};
    buf_init(&out, OUT_MAX_BYTES);
    enum rc rc = doctor_example(cli->example, &out, &err);
    int exit_code = rc == RC_OK ? report_print(&out) : start_fail(&err);
    buf_fini(&out);
    return exit_code;
}

static void say_version(struct doctor *d)
{
    struct utsname name;
    if (uname(&name) != 0)
        memset(&name, 0, sizeof name);
    doctor_say(d, "version", DOCTOR_OK, "callhud %s, %s %s %s", CALLHUD_VERSION, name.sysname,
               name.release, name.machine);
}

static int print_json(const struct doctor *d)
{
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    buf_putc(&out, '[');
    for (size_t i = 0; i < d->lines.len; i++) {
        const struct doctor_line *line = &d->lines.items[i];
        buf_puts(&out, i ? ",\n {\"check\":" : "{\"check\":");
        report_json(&out, line->check);
        buf_puts(&out, ",\"result\":");
        report_json(&out, result_words[line->result]);
        buf_puts(&out, ",\"text\":");
        report_json(&out, line->text);
        buf_putc(&out, '}');
    }
    buf_puts(&out, "]\n");
    int exit_code = report_print(&out);
    buf_fini(&out);
    return exit_code;
}

static bool has_failed(const struct doctor *d)
{
    for (size_t i = 0; i < d->lines.len; i++) {
        if (d->lines.items[i].result == DOCTOR_FAIL)
            return true;
    }
    return false;
}

static void doctor_fini(struct doctor *d)
{
    for (size_t i = 0; i < d->lines.len; i++)
        mem_free(d->lines.items[i].text);
    VEC_FREE(&d->lines);
    if (d->has_settings)
        settings_fini(&d->settings);
    if (d->has_config)
        config_fini(&d->config);
    log_close();
}

int cmd_doctor(const struct cli *cli)
{
    struct doctor d = {.cli = cli};
    if (cli->example)
        return print_example(cli);
    log_open(NULL, LOG_WARN, NULL);
    say_version(&d);
    doctor_config(&d);
    doctor_terminal(&d);
    doctor_records(&d);
    doctor_server(&d);
    doctor_actions(&d);
    int exit_code = cli->format == FORMAT_JSON ? print_json(&d) : ferror(stdout) ? 1 : 0;
    if (has_failed(&d))
        exit_code = 1;
    bool must_exit_now = d.must_exit_now;
    doctor_fini(&d);
    if (must_exit_now)
        _exit(exit_code);
    return exit_code;
}
