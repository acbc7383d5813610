/* Starts here: what holds for the whole process, then the command. */
#include "callhud/app/cli.h"
#include "callhud/app/report.h"
#include "callhud/app/start.h"
#include "callhud/base/mem.h"
#include "callhud/term/term.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

/* Neither allocates nor locks. */
static void out_of_memory(void)
{
    static const char text[] = "callhud: out of memory: it was ended\n";
    term_restore_now();
    ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
    (void)ignored;
    _exit(1);
}

/* Started with a closed standard stream, the next file opened would become it. Open for reading
 * alone: what is written to a closed standard output must fail, not vanish. */
static void fill_standard_streams(void)
{
    int fd;
    do {
        fd = open("/dev/null", O_RDONLY);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static void prepare_process(void)
{
    fill_standard_streams();
    /* Passwords are in memory: no core file of it is left behind, nor is it piped to a program that
     * keeps cores: for Linux that is a limit of 1, for 0 holds for files alone. The process stays
     * visible to its own user's tools. */
    struct rlimit none = {1, 1};
    if (setrlimit(RLIMIT_CORE, &none) != 0) {
        none = (struct rlimit){0, 0};
        setrlimit(RLIMIT_CORE, &none);
    }
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* numbers in JSON and SVG have a point */
    /* A reader that went away is an error of write(). */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk */
    mem_on_exhausted(out_of_memory);
}

static int print(const struct cli *cli)
{
    struct buf out;
    buf_init(&out, 1024 * 1024);
    if (cli->is_version)
        cli_version(&out);
    else
        cli_help(cli->command, &out);
    int exit_code = report_print(&out);
    buf_fini(&out);
    return exit_code;
}

int main(int argc, char **argv)
{
    struct cli cli;
    struct err err = {0};
    prepare_process();
    if (cli_parse(&cli, argc, argv, &err) != RC_OK)
        return start_fail(&err);
    int exit_code = cli.is_help || cli.is_version ? print(&cli) : cli.command->run(&cli);
    cli_fini(&cli);
    return exit_code;
}
