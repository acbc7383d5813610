/* callhud list export and import. */
#include "callhud/app/list_rows.h"
#include "callhud/base/hash.h"
#include "callhud/base/str.h"
#include "cmd_list_priv.h"

#include <stdio.h>

enum rc cmd_list_user(struct desk_run *run, const char *extension, struct appearance_user *out,
                      struct err *err)
{
    const struct desk_person *person = desk_run_person(run, extension);
    const struct appearance_line *line =
        appearance_by_extension(keeper_list(run->keeper), extension);
    if (person && !person->is_listable)
        return err_set(err, RC_REFUSED, "%s %s cannot stand in a list", extension, person->name);
    if (person)
        *out = (struct appearance_user){
            .id = person->user_id, .extension = person->extension, .name = person->name};
    else if (line && line->here)
        *out = *line->here;
    else if (run->is_offline)
        return err_set(err, RC_UNREACHABLE, "who %s is cannot be asked: %s", extension,
                       run->why_offline);
    else
        return err_set(err, RC_NOT_FOUND, "nobody has the extension %s", extension);
    return RC_OK;
}

/* ---- export ---------------------------------------------------------------------------------- */

static enum rc record(struct desk_run *run, const char *what, uint64_t *begin, const char *result,
                      struct err *err)
{
    struct audit_entry entry = {.record = what,
                                .action = "list export",
                                .begin = *begin,
                                .extension = run->cli->user,
                                .result = result,
                                .reason = run->cli->reason};
    if (!run->session.actions)
        return RC_OK;
    return actions_record(run->session.actions, &entry, *begin ? NULL : begin, err);
}

void cmd_list_export(struct desk_run *run)
{
    struct err err = {0}, unrecorded = {0};
    uint64_t begin = 0;
    if (!cmd_list_is_known(run))
        return;
    enum rc rc = record(run, "begin", &begin, NULL, &err);
    bool is_begun = rc == RC_OK;
    bool is_file = run->cli->args_len > 1 && !str_eq(run->cli->args[1], "-");
    cmd_list_say_where(run);
    if (rc == RC_OK && is_file)
        rc = list_rows_save(run->cli->args[1], keeper_list(run->keeper), run->cli->format, &err);
    else if (rc == RC_OK)
        list_rows_put(&run->out, keeper_list(run->keeper),
                      run->cli->format == FORMAT_TABLE ? FORMAT_CSV : run->cli->format, false);
    if (is_begun && begin)
        (void)record(run, rc == RC_OK ? "end" : "failed", &begin, rc == RC_OK ? "ok" : err.text,
                     &unrecorded);
    if (rc != RC_OK)
        desk_run_fail(run, rc, "%s", err.text);
    else
        desk_run_end(run, 0);
}

/* ---- import ---------------------------------------------------------------------------------- */

struct import {
    struct desk_run *run;
    const struct appearance *list;
    struct list_rows rows;
    VEC(struct appearance_user) users; /* borrowed */
    struct map row_of;                 /* user id -> the row that names him */
    struct map by_extension;           /* of the lines here -> the line */
};

/* A line that may be edited: the backend's own is in every list. */
static bool is_own(const struct appearance_line *line)
{
    return line->here && line->state != LINE_RESERVED;
}

static bool is_as_it_is(const struct import *import)
{
    size_t at = 0;
    for (size_t i = 0; i < import->list->lines.len; i++) {
        const struct appearance_line *line = &import->list->lines.items[i];
        if (!is_own(line))
            continue;
        if (at == import->rows.len ||
            !str_eq(line->here->extension, import->rows.items[at++].extension))
            return false;
    }
    return at == import->rows.len;
}

/* Whoever is on the list stays who he is, also when the directory does not have him (any more). */
static enum rc user_of(const struct import *import, const char *extension,
                       struct appearance_user *out, struct err *err)
{
    const struct appearance_line *line = map_get(&import->by_extension, extension);
    if (!line)
        return cmd_list_user(import->run, extension, out, err);
    *out = *line->here;
    out->twin = 0;
    return RC_OK;
}

static enum rc take_row(struct import *import, struct list_row *row, struct err *err)
{
    struct appearance_user user = {0};
    enum rc rc = user_of(import, row->extension, &user, err);
    if (rc != RC_OK)
        return err_prefix(err, "%s %zu", list_rows_unit(&import->rows), row->at);
    const struct appearance_line *line = appearance_by_user(import->list, user.id);
    if (line && line->state == LINE_RESERVED)
        return RC_OK; /* it has its key already */
    const struct list_row *before = map_get(&import->row_of, user.id);
    if (before) {
        size_t first = before->at < row->at ? before->at : row->at;
        return err_set(err, RC_CONFIG, "%s %zu: %s %s is there twice (%s %zu)",
                       list_rows_unit(&import->rows), first == row->at ? before->at : row->at,
                       user.extension, user.name, list_rows_unit(&import->rows), first);
    }
    (void)map_put(&import->row_of, user.id, row);
    VEC_PUSH(&import->users, user);
    return RC_OK;
}

static enum rc take_rows(struct import *import, struct err *err)
{
    enum rc rc = RC_OK;
    for (size_t i = import->list->lines.len; i-- > 0;) { /* the first of twins stays */
        struct appearance_line *line = &import->list->lines.items[i];
        if (line->here && !str_is_empty(line->here->extension))
            (void)map_put(&import->by_extension, line->here->extension, line);
    }
    for (size_t i = 0; i < import->rows.len && rc == RC_OK; i++)
        rc = take_row(import, &import->rows.items[i], err);
    return rc == RC_OK ? rc : err_prefix(err, "%s", list_rows_name(import->run->cli->args[1]));
}

void cmd_list_import(struct desk_run *run)
{
    struct import import = {.run = run, .list = keeper_list(run->keeper)};
    struct err err = {0};
    enum rc rc = list_rows_load(&import.rows, run->cli->args[1], run->cli->format, &err);
    bool is_same = rc == RC_OK && is_as_it_is(&import);
    if (rc == RC_OK && !is_same)
        rc = take_rows(&import, &err);
    if (rc == RC_OK && !is_same)
        rc = keeper_replace(run->keeper, import.users.items, import.users.len, &err);
    map_fini(&import.row_of, NULL);
    map_fini(&import.by_extension, NULL);
    VEC_FREE(&import.users);
    char did[200];
    size_t keys = appearance_count(keeper_list(run->keeper)).keys;
    (void)snprintf(did, sizeof did, "the list is as in %.120s, %zu key%s",
                   list_rows_name(run->cli->args[1]), keys, keys == 1 ? "" : "s");
    list_rows_free(&import.rows);
    if (rc != RC_OK) {
        desk_run_fail(run, rc, "%s", err.text);
    } else if (is_same) {
        fprintf(stderr, "callhud: nothing is changed: the list is the same\n");
        desk_run_end(run, 0);
    } else {
        cmd_list_edited(run, did);
    }
}
