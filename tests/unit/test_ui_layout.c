#include "callhud/ui/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct layout at(int cols, int rows, enum ui_view view)
{
    struct layout layout;

    layout_make(&layout, rows, cols, view);
    return layout;
}

static void mock_up_sizes(void **state)
{
    struct layout l = at(80, 24, VIEW_GRID);

    (void)state;
    assert_int_equal(l.shape, SHAPE_GRID);
    assert_int_equal(l.columns, 3);
    assert_int_equal(l.pitch, 26);
    assert_int_equal(l.now_row, 1);
    assert_int_equal(l.bar_row, 21);
    assert_int_equal(l.message_row, 22);
    assert_int_equal(l.keys_row, 23);
    assert_int_equal(l.pane_col, -1);

    l = at(200, 50, VIEW_GRID);
    assert_int_equal(l.columns, 5);
    assert_int_equal(l.pitch, 28);
    assert_int_equal(l.pane_col, 142);
    assert_true(l.is_wide);

    l = at(80, 24, VIEW_DENSE);
    assert_int_equal(l.columns, 5);
    assert_int_equal(l.pitch, 16);

    l = at(40, 12, VIEW_TABLE);
    assert_int_equal(l.shape, SHAPE_LIST);
    assert_false(l.is_compact);
    assert_int_equal(l.keys_row, 11);
    assert_int_equal(l.message_row, 10);

    l = at(20, 4, VIEW_GRID);
    assert_int_equal(l.shape, SHAPE_LIST);
    assert_true(l.is_compact);
    assert_true(l.is_message_over_body);
    assert_int_equal(l.body_rows, 3);

    assert_int_equal(at(19, 24, VIEW_GRID).shape, SHAPE_COUNTS);
    assert_int_equal(at(80, 3, VIEW_GRID).shape, SHAPE_COUNTS);
    assert_int_equal(at(1, 1, VIEW_GRID).shape, SHAPE_COUNTS);
}

static void limits(void **state)
{
    (void)state;
    assert_int_equal(at(59, 24, VIEW_GRID).shape, SHAPE_LIST);
    assert_int_equal(at(60, 24, VIEW_GRID).shape, SHAPE_GRID);
    assert_int_equal(at(60, 9, VIEW_GRID).shape, SHAPE_LIST);
    assert_int_equal(at(139, 24, VIEW_GRID).pane_col, -1);
    assert_true(at(140, 24, VIEW_GRID).pane_col > 0);
}

/* No part lies on another or outside, at any size. */
static void parts_do_not_overlap(void **state)
{
    (void)state;
    for (int view = 0; view < VIEW_COUNT; view++)
        for (int rows = LAYOUT_MIN_ROWS; rows <= 60; rows++)
            for (int cols = LAYOUT_MIN_COLS; cols <= 240; cols++) {
                struct layout l = at(cols, rows, (enum ui_view)view);
                int end = l.body_row + l.body_rows;
                assert_true(l.body_rows >= 1);
                assert_true(l.body_row > l.now_row && l.body_row > 0);
                assert_true(l.is_message_over_body ? end <= rows : end <= l.message_row);
                assert_true(l.bar_row < 0 || (l.bar_row >= end && l.bar_row < l.message_row));
                assert_true(l.keys_row < 0 || (l.keys_row > l.message_row && l.keys_row < rows));
                assert_true(l.columns >= 1 && l.columns * l.pitch <= l.body_cols);
                assert_true(l.pane_col < 0 || l.pane_col + l.pane_cols == cols);
            }
}

/* With a supervision on, the bar is always there, below the list and above the message, and covers
 * neither. */
static void the_bar_takes_a_line(void **state)
{
    (void)state;
    for (int view = 0; view < VIEW_COUNT; view++)
        for (int rows = LAYOUT_MIN_ROWS; rows <= 30; rows++)
            for (int cols = LAYOUT_MIN_COLS; cols <= 200; cols += 7) {
                struct layout before = at(cols, rows, (enum ui_view)view), l = before;
                layout_add_bar(&l);
                int end = l.body_row + l.body_rows;
                assert_true(l.bar_row >= end && l.bar_row < rows);
                assert_true(l.body_rows >= 1);
                assert_int_equal(l.body_rows, before.body_rows - (before.bar_row < 0));
                assert_int_not_equal(l.bar_row, l.message_row);
                assert_true(l.keys_row < 0 || l.bar_row < l.keys_row);
                assert_true(layout_end(&l) <= l.bar_row && layout_end(&l) <= l.message_row);
                layout_make_screen(&l, true);
                assert_true(l.bar_row > 0 && l.bar_row < l.message_row);
                assert_int_equal(layout_end(&l), l.bar_row);
                layout_make_screen(&l, false);
                assert_int_equal(l.bar_row, -1);
                assert_int_equal(layout_end(&l), l.message_row);
            }
}

static void words(void **state)
{
    enum ui_view view;

    (void)state;
    for (int i = 0; i < VIEW_COUNT; i++) {
        assert_true(view_from_word(view_word((enum ui_view)i), &view));
        assert_int_equal(view, i);
    }
    assert_false(view_from_word("cube", &view));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mock_up_sizes),
        cmocka_unit_test(limits),
        cmocka_unit_test(parts_do_not_overlap),
        cmocka_unit_test(the_bar_takes_a_line),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
