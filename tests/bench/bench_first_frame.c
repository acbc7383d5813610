/* bench_first_frame ROWS COLS SHOWN[|SHOWN...] COMMAND...: starts the command on a terminal of its
 * own and prints, in microseconds since just before the start,
 *
 *     first_us N complete_us N cpu_us N bytes N
 *
 * first: the first byte arrived. complete: the byte arrived after which the terminal shows every
 * text of SHOWN; a text that begins with ^ must be on the first line, with $ on the last one. Bytes
 * are kept with their times and played to libvterm afterwards, so that the emulator's own time is
 * not measured. cpu: what the command had used of the processor when the first pause came after the
 * first byte. bytes: up to the complete frame. The command is killed as soon as it is known; exit
 * 1: not complete in 5 s. */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#define BYTES_MAX (1024 * 1024)
#define CHUNKS_MAX 4096
#define LIMIT_US 5000000
#define QUIET_MS 60 /* after this pause the picture is looked at */

struct chunk {
    long long at_us;
    size_t end;
};

static char bytes[BYTES_MAX];
static size_t len;
static struct chunk chunks[CHUNKS_MAX];
static size_t chunks_len;

static long long now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void line_text(VTermScreen *screen, int row, int cols, char *out, size_t size)
{
    size_t at = 0;
    for (int col = 0; col < cols && at + 2 < size; col++) {
        VTermScreenCell cell;
        vterm_screen_get_cell(screen, (VTermPos){row, col}, &cell);
        out[at++] = cell.chars[0] > 0x20 && cell.chars[0] < 0x7f ? (char)cell.chars[0] : ' ';
    }
    out[at] = '\0';
}

static bool shows(VTermScreen *screen, int rows, int cols, const char *text)
{
    char line[1024];
    int from = *text == '$' ? rows - 1 : 0;
    int to = *text == '^' ? 1 : rows;
    text += *text == '^' || *text == '$';
    for (int row = from; row < to; row++) {
        line_text(screen, row, cols, line, sizeof line);
        if (strstr(line, text))
            return true;
    }
    return false;
}

/* The index of the chunk after which everything is shown, or -1. */
static int complete_at(int rows, int cols, char **shown, int shown_len)
{
    int found = -1;
    size_t at = 0;
    VTerm *vt = vterm_new(rows, cols);
    vterm_set_utf8(vt, 1);
    VTermScreen *screen = vterm_obtain_screen(vt);
    vterm_screen_enable_altscreen(screen, 1);
    vterm_screen_reset(screen, 1);
    for (size_t i = 0; i < chunks_len && found < 0; i++) {
        bool is_all = true;
        vterm_input_write(vt, bytes + at, chunks[i].end - at);
        at = chunks[i].end;
        for (int s = 0; s < shown_len && is_all; s++)
            is_all = shows(screen, rows, cols, shown[s]);
        if (is_all)
            found = (int)i;
    }
    vterm_free(vt);
    return found;
}

static void read_chunk(int master)
{
    ssize_t n = read(master, bytes + len, sizeof bytes - len);
    if (n <= 0 || chunks_len == CHUNKS_MAX)
        return;
    len += (size_t)n;
    chunks[chunks_len++] = (struct chunk){now_us(), len};
}

static long long cpu_us(const struct rusage *used)
{
    return ((long long)used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1000000 +
           used->ru_utime.tv_usec + used->ru_stime.tv_usec;
}

int main(int argc, char **argv)
{
    char *shown[8];
    int shown_len = 0;
    if (argc < 5)
        return 2;
    int rows = atoi(argv[1]), cols = atoi(argv[2]);
    for (char *s = strtok(argv[3], "|"); s && shown_len < 8; s = strtok(NULL, "|"))
        shown[shown_len++] = s;

    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    int master, slave;
    if (openpty(&master, &slave, NULL, NULL, &size) != 0)
        return 2;
    long long start_us = now_us();
    pid_t pid = fork();
    if (pid == 0) {
        close(master);
        login_tty(slave);
        execvp(argv[4], argv + 4);
        _exit(127);
    }
    int at = -1;
    while (at < 0 && now_us() - start_us < LIMIT_US) {
        struct pollfd ready = {.fd = master, .events = POLLIN};
        if (poll(&ready, 1, QUIET_MS) > 0)
            read_chunk(master);
        else if (chunks_len) /* htop pauses before its first full frame: then it goes on */
            at = complete_at(rows, cols, shown, shown_len);
    }
    kill(pid, SIGKILL);
    struct rusage used;
    wait4(pid, NULL, 0, &used);
    if (at < 0)
        return 1;
    printf("first_us %lld complete_us %lld cpu_us %lld bytes %zu\n", chunks[0].at_us - start_us,
           chunks[at].at_us - start_us, cpu_us(&used), chunks[at].end);
    return 0;
}
