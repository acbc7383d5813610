/* The HUD list on disk: list-PROFILE.json in the state folder, with edits that are not sent yet.
 *
 * The file is the truth, and every change goes through it: take the lock, read what another callhud
 * of this user may have written, change, write beside it, sync, rename, let go. So an edit is on
 * disk when its function returns, and a kill at any moment leaves the old list or the new one.
 *
 * Why no edit is lost that was acknowledged, whatever the callhuds of one person do at once. In the
 * file are S, the stored list as it was merged last; H, the list here; X, what was sent and not
 * heard of since. An edit changes H, on disk, before it is acknowledged. After that only a merge
 * changes H: where the list R that it is handed differs from S on a line. That is right when R is
 * not older than S, and when somebody else has made the difference. Hence:
 *
 *  1. R is not older than S. Who asks what is stored notes appearance.readings first, and merges
 *     the answer, under the lock, only when it is still the same: then what is S now was answered
 *     before the question was asked. Otherwise the answer is dropped, and asked for again. Of
 *     several who ask at once one always gets through. This goes for every answer that tells the
 *     stored list, also for that of a save.
 *  2. The difference is not our own. Only saves change what is stored, and X is on disk before one
 *     is asked for. A list is replaced as a whole, so R comes from X, or from S without X.
 *     appearance_merge() tells which by our own edits; if from X, X becomes S first, and H stays:
 *     edits made since are edits of X. Where it could be both, and that makes a difference, the
 * line is in conflict: nothing is decided silently. X is kept until R comes from it for certain, or
 *     the service says that nothing was written, or it is too late for it to arrive.
 *  3. Who sends holds the turn (list_file_turn()) from before X is written down until the answer
 *     was merged, so X is the only list of ours on its way. One who dies, or hears no answer, lets
 *     go of the turn, and its X may arrive after the next one: it is kept beside that one.
 *
 * What somebody else changes between the last look of a save and its PUT is overwritten there: the
 * service has no means against it. */
#ifndef CALLHUD_APP_LIST_FILE_H
#define CALLHUD_APP_LIST_FILE_H

#include "callhud/base/err.h"
#include "callhud/model/appearance.h"

#define LIST_FILE_MAX_BYTES (16 * 1024 * 1024)
#define LIST_FILE_WAIT_MS 1000 /* so long another's lock is waited for, if not told otherwise */
#define LIST_OWN_BYTES 64

struct list_file;

/* owner: the extension whose appearance it is; NULL or "": the profile's own user. Else the file is
 * list-PROFILE@OWNER.json. What cannot stand in a name is %XX. server: where the list is stored; a
 * file of another server is put aside like a broken one, here and nowhere else. A file that cannot
 * be understood is renamed to NAME.broken (NAME.broken-2 to -9 when there is one) and said in note,
 * ERR_TEXT_BYTES, which is "" otherwise; the list is empty then. Where there is no list of an owner
 * nothing is made, not even the lock: that comes with the first change. Where folder or file cannot
 * be used the list can be looked at alone: list_file_why(). RC_NOT_FOUND: no extension is as long
 * as owner; RC_TIMEOUT: it is to be put aside, and another program holds the lock; *out is NULL. */
enum rc list_file_open(struct list_file **out, const char *folder, const char *profile,
                       const char *owner, const char *server, char *note, struct err *err);
/* The same; wait_ms: as in list_file_patience(), here already. */
enum rc list_file_open_within(struct list_file **out, const char *folder, const char *profile,
                              const char *owner, const char *server, int64_t wait_ms, char *note,
                              struct err *err);
void list_file_close(struct list_file *file); /* NULL is fine */

/* The list as last read or written here. */
const struct appearance *list_file_list(const struct list_file *file);
/* Reads again when another callhud has written since. True: the list has changed. */
bool list_file_refresh(struct list_file *file);
/* What the person has to be told of the file since this was asked last: it could not be understood,
 * and was put aside, or it is another server's now. note: ERR_TEXT_BYTES. False: nothing, "". */
bool list_file_take_note(struct list_file *file, char *note);

/* Why the list can be looked at alone: which path cannot be read or written, why, what to do. ""
 * when nothing is known against changing it: as begin(), end() and refresh() have found last. */
const char *list_file_why(const struct list_file *file);
/* There may be a file, and it could not be read: the list here has nothing of it, or is older. */
bool list_file_is_unread(const struct list_file *file);
/* Where there was a why: is it so still? Reads and writes what could not be. True: no more. */
bool list_file_try(struct list_file *file);
/* After begin() was RC_IO: the list, to be merged into for showing alone. What was merged goes with
 * the next begin() that succeeds, and is merged again. Its readings are such as no other list has,
 * from the first time on. */
struct appearance *list_file_look(struct list_file *file);

/* How long begin() may wait for another's lock: 0 tries once. */
void list_file_patience(struct list_file *file, int64_t wait_ms);
/* Takes the lock and reads again when another has written: the list that may be changed, until
 * end() or cancel(). NULL: err says why; RC_TIMEOUT: another program holds the lock; RC_CONFIG: the
 * file is another server's now, as is the profile: it is left as it is. */
struct appearance *list_file_begin(struct list_file *file, struct err *err);
/* Writes and lets go; nothing is written when rev has not changed. RC_IO: it cannot be written.
 * Then the list is again as it was before begin(); with is_kept it stays changed here all the same,
 * which is for merges: what is stored elsewhere can be read again, an edit must not seem to be
 * safe. Its readings are then such as no other list has. */
enum rc list_file_end(struct list_file *file, bool is_kept, struct err *err);
/* As it was before begin(), elsewhere in memory: rev has grown. */
void list_file_cancel(struct list_file *file);
/* In the place of end(): the file goes, the list is as before begin(). */
enum rc list_file_remove(struct list_file *file, struct err *err);
/* The list, to be changed for showing alone while another holds the lock. The next begin() that
 * gets it has the list as it is on disk: whoever changed this one makes his changes again. */
struct appearance *list_file_ahead(struct list_file *file);
void list_file_not_ahead(struct list_file *file); /* as on disk again; fine when it is not ahead */
bool list_file_can_lock(struct list_file *file);  /* begin() would not be RC_TIMEOUT now */
const char *list_file_path(const struct list_file *file);
/* It was read, and is not there any more: removed by a callhud that took it over (own), or by hand.
 * Until it is read again. */
bool list_file_is_gone(const struct list_file *file);

/* The person's own list is one file, also when it is asked for by the own extension (but for edits
 * made before that was known, which do not fit into it: keeper_own.c). Which that is stands in
 * list-PROFILE.json once it is known; "" before. set_own() is written by the next end(). */
bool list_file_is_main(const struct list_file *file); /* list-PROFILE.json */
const char *list_file_own(const struct list_file *file);
void list_file_set_own(struct list_file *file, const char *extension);
/* Does list-PROFILE.json say that owner is the own extension? */
bool list_file_is_own(const char *folder, const char *profile, const char *owner,
                      const char *server);
bool list_file_exists(const char *folder, const char *profile, const char *owner);

/* The turn to send the list: of the callhuds of one person, one has it. Not waited for:
 * RC_TIMEOUT, another one has it, ask again in a while. RC_OK also when it is ours already. RC_IO:
 * it cannot be taken. Apart from the lock of begin(). */
enum rc list_file_turn(struct list_file *file, struct err *err);
void list_file_turn_end(struct list_file *file);       /* also when it is not ours */
bool list_file_has_turn(const struct list_file *file); /* it is ours */

/* The text of the file, and back; for tests too. own: see above, may be NULL;
 * LIST_OWN_BYTES in parse. server may be NULL in parse: any. On an error *a is empty: RC_PROTO it
 * is no list, RC_CONFIG it is of another server. */
char *list_text(const struct appearance *a, const char *server, const char *own); /* mem_free() */
enum rc list_parse(struct appearance *a, const char *text, size_t len, const char *server,
                   char *own, struct err *err);

#endif
