# Makes a C file of the files that are installed beside the program, so that it can print them too:
# cmake -DOUT=FILE.c -DDIR=FOLDER -P embed.cmake. The same files give the same bytes.
if(NOT OUT OR NOT DIR)
  message(FATAL_ERROR "usage: cmake -DOUT=FILE.c -DDIR=FOLDER -P embed.cmake")
endif()

file(GLOB files LIST_DIRECTORIES false RELATIVE ${DIR} ${DIR}/*/*.conf ${DIR}/*/*.txt
     ${DIR}/*/*.ini)
list(SORT files)
set(code "/* Made from src/share/ by src/share/embed.cmake. */\n")
string(APPEND code "#include \"callhud/app/share.h\"\n\n#include <stddef.h>\n\n")
set(rows "")
set(number 0)
foreach(name IN LISTS files)
  file(READ ${DIR}/${name} hex HEX)
  string(REGEX REPLACE "(........................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," lines "${hex}")
  string(APPEND code "static const char text_${number}[] = {\n${lines}'\\0'};\n\n")
  string(APPEND rows "    {\"${name}\", text_${number}},\n")
  math(EXPR number "${number} + 1")
endforeach()
string(APPEND code "const struct share_file share_files[] = {\n${rows}    {NULL, NULL},\n};\n")
file(WRITE ${OUT} "${code}")
