/* tool_timer MS: the reference for limits in real time. A bare 10 ms libuv timer on a loop of its
 * own for so many milliseconds; prints "p99_ms N max_ms N": how late it was. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define PERIOD_MS 10
#define LATE_MAX_MS 10000

struct reference {
    uint64_t due_ns, end_ns;
    unsigned late[LATE_MAX_MS + 1];
    unsigned samples;
    unsigned worst_ms;
};

static void on_timer(uv_timer_t *timer)
{
    struct reference *r = timer->data;
    uint64_t now_ns = uv_hrtime();
    uint64_t late_ms = now_ns > r->due_ns ? (now_ns - r->due_ns) / 1000000 : 0;
    unsigned ms = late_ms > LATE_MAX_MS ? LATE_MAX_MS : (unsigned)late_ms;
    r->late[ms]++;
    r->samples++;
    if (ms > r->worst_ms)
        r->worst_ms = ms;
    if (now_ns >= r->end_ns) {
        uv_close((uv_handle_t *)timer, NULL);
        return;
    }
    uv_update_time(timer->loop);
    r->due_ns = now_ns + (uint64_t)PERIOD_MS * 1000000;
    uv_timer_start(timer, on_timer, PERIOD_MS, 0);
}

int main(int argc, char **argv)
{
    static struct reference r;
    uv_loop_t loop;
    uv_timer_t timer;
    unsigned long ms = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    timer.data = &r;
    r.due_ns = uv_hrtime() + (uint64_t)PERIOD_MS * 1000000;
    r.end_ns = uv_hrtime() + (uint64_t)ms * 1000000;
    uv_timer_start(&timer, on_timer, PERIOD_MS, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
    unsigned seen = 0, p99_ms = 0;
    for (; p99_ms < LATE_MAX_MS; p99_ms++) {
        seen += r.late[p99_ms];
        if (seen * 100ul >= r.samples * 99ul)
            break;
    }
    printf("p99_ms %u max_ms %u\n", p99_ms, r.worst_ms);
    return 0;
}
