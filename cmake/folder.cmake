# ramet_folder(NAME [USES folder...] [LINKS library...] [TEST_ARGUMENTS argument...] [ALONE])
# Makes the static library of the current folder (sub-folders included) and, when it has *_test.cpp files, a test program. ALONE: its tests
# make processes, mounts and control groups (ramet_take_machine).
function(ramet_folder name)
    cmake_parse_arguments(arg "ALONE" "" "USES;LINKS;TEST_ARGUMENTS" ${ARGN})
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    set(tests ${sources})
    list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")

    list(TRANSFORM arg_USES PREPEND ramet_ OUTPUT_VARIABLE folders)
    if(sources)
        add_library(ramet_${name} STATIC ${sources})
        target_link_libraries(ramet_${name} PUBLIC ramet_flags ${folders} PRIVATE ${arg_LINKS})
        ramet_precompile(ramet_${name})
    else()
        # Headers alone make nothing to archive.
        add_library(ramet_${name} INTERFACE)
        target_link_libraries(ramet_${name} INTERFACE ramet_flags ${folders} ${arg_LINKS})
    endif()

    if(tests)
        add_executable(ramet_${name}_test ${tests} ${CMAKE_SOURCE_DIR}/tests/doctest_main.cpp)
        target_link_libraries(ramet_${name}_test PRIVATE ramet_${name} ${arg_LINKS} rapidcheck)
        target_include_directories(ramet_${name}_test PRIVATE ${CMAKE_SOURCE_DIR}/tests)
        ramet_precompile(ramet_${name}_test)
        set(runner "")
        if(arg_ALONE)
            set(runner ${RAMET_OWN_MACHINE})
        endif()
        add_test(NAME unit/${name} COMMAND ${runner} $<TARGET_FILE:ramet_${name}_test> --no-version ${arg_TEST_ARGUMENTS})
        set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 600)
        if(arg_ALONE)
            ramet_take_machine(unit/${name} others)
        endif()
    endif()
endfunction()

# Entries that make processes, mounts and control groups, and look for what is left of them, run by RAMET_OWN_MACHINE. The long ones begin
# first, and of each lane one runs at a time: two processors have room for two of them. Where this machine cannot keep them apart there is
# one lane for all.
set(RAMET_OWN_MACHINE ${CMAKE_SOURCE_DIR}/tests/support/own_machine)
execute_process(COMMAND ${RAMET_OWN_MACHINE} --possible RESULT_VARIABLE ramet_cannot_keep_apart)
function(ramet_take_machine test lane)
    if(ramet_cannot_keep_apart)
        set(lane others)
    endif()
    set_tests_properties(${test} PROPERTIES RESOURCE_LOCK "machine of ${lane}" COST 1000)
endfunction()

# One precompiled header for all: the library of base owns it.
function(ramet_precompile target)
    if(target STREQUAL "ramet_base")
        target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src/base/precompiled.hpp)
    else()
        target_precompile_headers(${target} REUSE_FROM ramet_base)
    endif()
endfunction()
