/* The man pages: templates of src/doc, filled from the program's tables when it is built. */
#ifndef CALLHUD_APP_DOC_H
#define CALLHUD_APP_DOC_H

#include "callhud/base/buf.h"
#include "callhud/base/err.h"

/* Appends the template (mdoc), with each line that is a marker alone replaced: @COMMANDS@ @OPTIONS@
 * @KEYS@ @LAMPS@ @CONFIG@ @EXITS@. RC_CONFIG names a marker that is not known. */
enum rc doc_fill(const char *template, struct buf *out, struct err *err);

#endif
