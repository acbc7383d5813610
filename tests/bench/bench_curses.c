/* bench_curses: the reference for painting. ncurses alone, as a small program would use it: a
 * 200x50 screen of which every cell changes, into a file in memory. Prints "curses ns_each N". */
#include <curses.h>
#include <locale.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ROWS 50
#define COLUMNS 200
#define PARTS 4
#define PART_NS 100000000

static long long now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void paint(FILE *file, unsigned turn)
{
    for (int row = 0; row < ROWS; row++) {
        for (int col = 0; col < COLUMNS; col++)
            mvaddch(row, col, turn % 2 ? 'x' : 'y');
    }
    refresh();
    fflush(file);
    rewind(file);
}

int main(void)
{
    long long best_ns = 0;
    unsigned turn = 0;
    int memory = memfd_create("curses", MFD_CLOEXEC);
    FILE *file = memory < 0 ? NULL : fdopen(memory, "w");
    setlocale(LC_ALL, "C.UTF-8");
    SCREEN *screen = file ? newterm(NULL, file, stdin) : NULL;
    if (!screen || resizeterm(ROWS, COLUMNS) == ERR)
        return 1;
    for (int part = 0; part < PARTS; part++) {
        long long start_ns = now_ns(), took_ns = 0, count = 0;
        do {
            paint(file, turn++);
            count++;
            took_ns = now_ns() - start_ns;
        } while (took_ns < PART_NS);
        if (best_ns == 0 || took_ns / count < best_ns)
            best_ns = took_ns / count;
    }
    endwin();
    delscreen(screen);
    printf("curses ns_each %lld\n", best_ns);
    return 0;
}
