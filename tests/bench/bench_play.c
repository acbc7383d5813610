/* bench_play ROWS COLS ROW COL HEIGHT WIDTH LETTER OFFSET... <BYTES: plays what a program wrote to
 * a terminal, and says for each piece between two offsets what it did to the cells:
 *
 *     bytes N changed N unchanged N bridged N inside N
 *
 * changed: cells that were written or erased and looked different before; bridged: at most BRIDGE
 * cells written as they were between two that changed, which is shorter than any movement over
 * them; unchanged: all others that were written as they were; inside: bytes that were spent on
 * cells of the rectangle, with the movements and colours on the way there. After each piece follows
 * "token TEXT" for every new text that is LETTER and five digits and can be seen by then. Bytes
 * before the first offset are only played. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vterm.h>

#define CELLS_MAX (128 * 512)
#define BYTES_MAX (64u * 1024 * 1024)
#define TOKENS_MAX 100000
#define ATTRS_MAX 32
#define BRIDGE 5 /* what a movement by a two-digit number takes: ESC [ 1 5 C */

struct cell {
    uint32_t glyph;
    uint64_t pen;
};

struct play {
    int rows, cols;
    int row, col, height, width; /* the rectangle */
    struct cell cells[CELLS_MAX];
    uint64_t attrs[ATTRS_MAX];
    uint64_t pen;
    unsigned long pending; /* bytes since the last cell that was touched */
    unsigned long bytes, changed, unchanged, bridged, inside;
    int run_row, run_col;   /* where the next glyph is written when nothing moves the cursor */
    unsigned long run_same; /* cells written as they were since one that changed */
    bool is_run_bridge;     /* such a run began behind a cell that changed */
    bool seen[TOKENS_MAX];
};

static bool is_inside(const struct play *p, VTermPos pos)
{
    return pos.row >= p->row && pos.row < p->row + p->height && pos.col >= p->col &&
           pos.col < p->col + p->width;
}

static void spend(struct play *p, VTermPos pos)
{
    if (is_inside(p, pos))
        p->inside += p->pending;
    p->pending = 0;
}

static bool put(struct play *p, int row, int col, struct cell cell)
{
    struct cell *old = &p->cells[row * p->cols + col];
    bool is_new = old->glyph != cell.glyph || old->pen != cell.pen;
    *old = cell;
    return is_new;
}

static void end_run(struct play *p, bool is_before_change)
{
    bool is_bridge = is_before_change && p->is_run_bridge && p->run_same <= BRIDGE;
    *(is_bridge ? &p->bridged : &p->unchanged) += p->run_same;
    p->run_same = 0;
}

static int on_glyph(VTermGlyphInfo *info, VTermPos pos, void *user)
{
    struct play *p = user;
    spend(p, pos);
    if (pos.row != p->run_row || pos.col != p->run_col) {
        end_run(p, false);
        p->is_run_bridge = false;
    }
    if (put(p, pos.row, pos.col, (struct cell){info->chars[0], p->pen})) {
        end_run(p, true);
        p->is_run_bridge = true;
        p->changed++;
    } else {
        p->run_same++;
    }
    p->run_row = pos.row;
    p->run_col = pos.col + info->width;
    for (int i = 1; i < info->width && pos.col + i < p->cols; i++)
        put(p, pos.row, pos.col + i, (struct cell){0, p->pen});
    return 1;
}

static int on_erase(VTermRect rect, int is_selective, void *user)
{
    struct play *p = user;
    (void)is_selective;
    spend(p, (VTermPos){rect.start_row, rect.start_col});
    for (int row = rect.start_row; row < rect.end_row; row++) {
        for (int col = rect.start_col; col < rect.end_col; col++)
            p->changed += put(p, row, col, (struct cell){' ', p->pen});
    }
    return 1;
}

static int on_move(VTermRect dest, VTermRect src, void *user)
{
    struct play *p = user;
    int height = dest.end_row - dest.start_row;
    size_t width = (size_t)(dest.end_col - dest.start_col);
    bool is_up = dest.start_row < src.start_row;
    spend(p, (VTermPos){dest.start_row, dest.start_col});
    for (int i = 0; i < height; i++) {
        int row = is_up ? i : height - 1 - i;
        memmove(&p->cells[(dest.start_row + row) * p->cols + dest.start_col],
                &p->cells[(src.start_row + row) * p->cols + src.start_col],
                width * sizeof *p->cells);
    }
    p->changed += (unsigned long)height * width;
    return 1;
}

static uint64_t mix(uint64_t h, uint64_t value)
{
    return (h ^ value) * 1099511628211u;
}

static int on_pen(VTermAttr attr, VTermValue *value, void *user)
{
    struct play *p = user;
    uint64_t v = 0;
    if (vterm_get_attr_type(attr) == VTERM_VALUETYPE_COLOR)
        memcpy(&v, &value->color, sizeof value->color < sizeof v ? sizeof value->color : sizeof v);
    else
        v = (uint64_t)value->number;
    if (attr < ATTRS_MAX)
        p->attrs[attr] = v;
    p->pen = 0;
    for (size_t i = 0; i < ATTRS_MAX; i++)
        p->pen = mix(p->pen, p->attrs[i]);
    return 1;
}

static void say_tokens(struct play *p, char letter)
{
    for (int at = 0; at + 6 <= p->rows * p->cols; at++) {
        const struct cell *cell = &p->cells[at];
        unsigned long number = 0;
        int i = 1;
        if (cell->glyph != (uint32_t)letter)
            continue;
        for (; i < 6 && cell[i].glyph >= '0' && cell[i].glyph <= '9'; i++)
            number = number * 10 + cell[i].glyph - '0';
        if (i < 6 || p->seen[number])
            continue;
        p->seen[number] = true;
        printf("token %c%05lu\n", letter, number);
    }
}

static char *read_all(size_t *len)
{
    char *bytes = malloc(BYTES_MAX);
    ssize_t n;
    *len = 0;
    while (bytes && *len < BYTES_MAX && (n = read(0, bytes + *len, BYTES_MAX - *len)) > 0)
        *len += (size_t)n;
    return bytes;
}

static int number(const char *text)
{
    return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
    static const VTermStateCallbacks callbacks = {
        .putglyph = on_glyph, .erase = on_erase, .moverect = on_move, .setpenattr = on_pen};
    static struct play p;
    size_t len, at = 0;
    if (argc < 9)
        return 2;
    p.rows = number(argv[1]), p.cols = number(argv[2]);
    p.row = number(argv[3]), p.col = number(argv[4]);
    p.height = number(argv[5]), p.width = number(argv[6]);
    if (p.rows < 1 || p.cols < 1 || p.rows * p.cols > CELLS_MAX)
        return 2;
    char *bytes = read_all(&len);
    VTerm *vt = vterm_new(p.rows, p.cols);
    vterm_set_utf8(vt, 1);
    VTermState *state = vterm_obtain_state(vt);
    vterm_state_set_callbacks(state, &callbacks, &p);
    vterm_state_reset(state, 1);
    for (int i = 8; i < argc && bytes; i++) {
        size_t end = strtoul(argv[i], NULL, 10);
        p.bytes = p.changed = p.unchanged = p.bridged = p.inside = p.pending = 0;
        for (; at < end && at < len; at++) {
            p.bytes++;
            p.pending++;
            vterm_input_write(vt, bytes + at, 1);
        }
        end_run(&p, false);
        p.is_run_bridge = false;
        if (i > 8)
            printf("bytes %lu changed %lu unchanged %lu bridged %lu inside %lu\n", p.bytes,
                   p.changed, p.unchanged, p.bridged, p.inside);
        if (argv[7][0] != '-')
            say_tokens(&p, argv[7][0]);
    }
    vterm_free(vt);
    free(bytes);
    return 0;
}
