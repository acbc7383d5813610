# What is built for the tests. Included by the top CMakeLists.txt.
enable_testing()
set(all_floors callhud_app callhud_ui callhud_term callhud_backend callhud_net callhud_model
               callhud_draw callhud_base)

if(CALLHUD_KIND STREQUAL "fuzz")
  # The floors that decode what comes from outside, and of the app only its readers of files: the
  # target "fuzzers" builds nothing else.
  set(app ${CMAKE_SOURCE_DIR}/src/app)
  add_library(fuzz_app STATIC ${app}/config.c ${app}/options.c ${app}/settings.c
                              ${app}/secrets.c ${app}/child.c ${app}/paths.c
                              ${app}/audit_line.c ${app}/audit_walk.c)
  target_link_libraries(fuzz_app PUBLIC callhud_model callhud_draw callhud_net)
  add_custom_target(fuzzers)
  file(GLOB fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
  foreach(source ${fuzzers})
    get_filename_component(name ${source} NAME_WE)
    add_executable(${name} EXCLUDE_FROM_ALL ${source})
    target_link_libraries(${name} PRIVATE fuzz_app callhud_exchange callhud_term callhud_backend
                                          callhud_model callhud_draw callhud_base)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers ${name})
  endforeach()
  return()
endif()

# Some 250 programs are linked: that is a minute less with gold, where it is installed.
include(CheckLinkerFlag)
check_linker_flag(C "-fuse-ld=gold" HAS_GOLD)
if(HAS_GOLD)
  set(fast_link -fuse-ld=gold)
endif()

pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(VTERM REQUIRED IMPORTED_TARGET vterm)

# The code of the tests itself takes three times as long to compile with optimisation.
set(fast_compile -O0 -U_FORTIFY_SOURCE)

# What several unit tests share: everything in tests/unit that is not a test itself.
file(GLOB support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/*.c)
list(FILTER support EXCLUDE REGEX "/test_[^/]*$")
if(support)
  add_library(unit_support STATIC ${support})
  target_link_libraries(unit_support PUBLIC ${all_floors} PkgConfig::CMOCKA PkgConfig::VTERM util)
  target_compile_definitions(unit_support PUBLIC TEST_DIR="${CMAKE_SOURCE_DIR}/tests")
  target_compile_options(unit_support PRIVATE ${fast_compile})
else()
  add_library(unit_support INTERFACE)
endif()

function(test_program name kind)
  add_executable(${name} ${ARGN})
  target_compile_definitions(${name} PRIVATE TEST_DIR="${CMAKE_SOURCE_DIR}/tests")
  target_link_libraries(${name} PRIVATE unit_support ${all_floors} PkgConfig::CMOCKA
                                        PkgConfig::VTERM util)
  target_link_options(${name} PRIVATE ${fast_link})
  if(kind STREQUAL "unit" OR kind STREQUAL "proto")
    target_compile_options(${name} PRIVATE ${fast_compile})
  endif()
  if(name MATCHES "^test_ex_")
    target_link_libraries(${name} PRIVATE callhud_exchange)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS ${kind} TIMEOUT 300
    ENVIRONMENT "LC_ALL=C.UTF-8;TZ=UTC;CMOCKA_MESSAGE_OUTPUT=TAP")
endfunction()

file(GLOB unit_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/test_*.c)
foreach(source ${unit_tests})
  get_filename_component(name ${source} NAME_WE)
  test_program(${name} unit ${source})
endforeach()

file(GLOB model_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/model/*.c)
set(list_tests ${model_tests})
list(FILTER list_tests INCLUDE REGEX "/list_[^/]*$")
list(FILTER model_tests EXCLUDE REGEX "/list_[^/]*$")
if(model_tests)
  test_program(test_model_property model ${model_tests})
endif()
if(list_tests)
  test_program(test_list_property model ${list_tests})
endif()

file(GLOB screen_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/screen/*.c)
if(screen_tests)
  test_program(test_screen screen ${screen_tests})
endif()

file(GLOB proto_tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/proto/test_*.c)
foreach(source ${proto_tests})
  get_filename_component(name ${source} NAME_WE)
  test_program(${name} proto ${source})
endforeach()

# Helpers of the end-to-end and bench scripts, and libraries that are preloaded.
file(GLOB tools CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/e2e/tool_*.c
                                  ${CMAKE_SOURCE_DIR}/tests/bench/bench_*.c)
foreach(source ${tools})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ${all_floors} PkgConfig::VTERM util)
endforeach()
file(GLOB preloads CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fault/preload_*.c
                                     ${CMAKE_SOURCE_DIR}/tests/fault/slow_resolver.c)
foreach(source ${preloads})
  get_filename_component(name ${source} NAME_WE)
  add_library(${name} MODULE ${source})
  target_link_libraries(${name} PRIVATE dl)
endforeach()
