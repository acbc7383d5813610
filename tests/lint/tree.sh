#!/bin/sh
# What lies where, and what has no place in the tree.
cd "$(dirname "$0")/../.." || exit 1
bad=0

result() { # result NAME FOUND
    if [ -z "$2" ]; then echo "ok - $1"; else
        echo "not ok - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        bad=1
    fi
}
top=$(git ls-files 2>/dev/null | sed 's,/.*,,' | sort -u)
[ -n "$top" ] || top=$(find . -mindepth 1 -maxdepth 1 ! -name .git ! -name build | sed 's,^\./,,')
wrong=$(printf '%s\n' "$top" | grep -vxE \
    'src|include|themes|tests|CMakeLists\.txt|README\.md|LICENSE|\.ci|\.clang-format|\.gitignore|\.github')
result "the top level is as agreed" "$wrong"
missing=
for name in src include themes tests CMakeLists.txt README.md LICENSE; do
    [ -e $name ] || missing="$missing $name"
done
result "the top level is whole" "$missing"

long=$(find src -name '*.c' -exec wc -l {} + | awk '$2 != "total" && $1 > 700 { print $2 ": " $1 " lines" }')
result "no file of C above 700 lines" "$long"
# The map: every file stands in the row of its folder.
rows=$(awk -F'|' '/^\|/ {
    gsub(/^ +| +$/, "", $2)
    if ($2 != "") floor = $2
    parts = split($3, quoted, "`")
    for (i = 2; i <= parts; i += 2) {
        count = split(quoted[i], name, " ")
        for (k = 1; k <= count; k++) print floor " " name[k]
    }
}' src/README.md)
unnamed=
set -f # the names are patterns
for file in $(find src -name '*.c' ! -path 'src/doc/*' | sort); do
    floor=${file%/*} floor=${floor#src/} name=${file##*/} name=${name%.c} found=
    for pattern in $(printf '%s\n' "$rows" | sed -n "s,^$floor \([^ ]*\)$,\1,p"); do
        # shellcheck disable=SC2254
        case $name in $pattern) found=1 && break ;; esac
    done
    [ -n "$found" ] || unnamed="$unnamed $file"
done
set +f
result "src/README.md names every file" "$unnamed"
words=$(grep -rnwE 'TODO|FIXME|XXX|HACK|[Nn]ot implemented|[Pp]laceholder|for now' src include themes)
result "nothing is left for later" "$words"
paths=$(grep -rnE '(^|[^A-Za-z0-9_/])/(root|work|home/[a-z]+)/' src include themes)
result "no path of one machine" "$paths"
tabs=$(grep -rnP '\t| +$' --include='*.[ch]' --include='*.theme' src include themes)
result "no tabs and no blanks at the end of a line" "$tabs"
exit $bad
