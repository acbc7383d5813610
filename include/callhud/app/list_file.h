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
 *     appearance_merge() tells which; if from X, X becomes S first, and H stays: edits made since
 *     are edits of X. X is kept until R comes from it, or the service says that nothing was
 *     written, or it is too late for it to arrive.
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

struct list_file;

/* owner: the extension whose appearance it is; NULL or "": the profile's own user. Else the file is
 * list-PROFILE@OWNER.json. What cannot stand in a name is %XX. server: where the list is stored; a
 * file of another server is put aside like a broken one. A file that cannot be understood is
 * renamed to NAME.broken (an older one of that name is lost) and said in note, ERR_TEXT_BYTES,
 * which is "" otherwise; the list is empty then. RC_IO: the folder or file cannot be used; *out is
 * NULL. */
enum rc list_file_open(struct list_file **out, const char *folder, const char *profile,
                       const char *owner, const char *server, char *note, struct err *err);
void list_file_close(struct list_file *file); /* NULL is fine */

/* The list as last read or written here. */
const struct appearance *list_file_list(const struct list_file *file);
/* Reads again when another callhud has written since. True: the list has changed. */
bool list_file_refresh(struct list_file *file);

/* Takes the lock (waits at most a second) and reads again when another has written: the list that
 * may be changed, until end() or cancel(). NULL: err says why. */
struct appearance *list_file_begin(struct list_file *file, struct err *err);
/* Writes and lets go; nothing is written when rev has not changed. RC_IO: it cannot be written.
 * Then the list is again as it was before begin(); with is_kept it stays changed here all the same,
 * which is for merges: what is stored elsewhere can be read again, an edit must not seem to be
 * safe. */
enum rc list_file_end(struct list_file *file, bool is_kept, struct err *err);
void list_file_cancel(struct list_file *file); /* as it was before begin() */

/* The turn to send the list: of the callhuds of one person, one has it. Not waited for:
 * RC_TIMEOUT, another one has it, ask again in a while. RC_OK also when it is ours already. RC_IO:
 * it cannot be taken. Apart from the lock of begin(). */
enum rc list_file_turn(struct list_file *file, struct err *err);
void list_file_turn_end(struct list_file *file); /* also when it is not ours */

/* The text of the file, and back; for tests too. server may be NULL in parse: any. On an error *a
 * is empty: RC_PROTO it is no list, RC_CONFIG it is of another server. */
char *list_text(const struct appearance *a, const char *server); /* mem_free() */
enum rc list_parse(struct appearance *a, const char *text, size_t len, const char *server,
                   struct err *err);

#endif
