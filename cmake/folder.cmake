# ramet_folder(NAME [USES folder...] [LINKS library...] [TEST_ARGUMENTS argument...])
# Makes the static library of the current folder (sub-folders included) and, when it has *_test.cpp files, a test program.
function(ramet_folder name)
    cmake_parse_arguments(arg "" "" "USES;LINKS;TEST_ARGUMENTS" ${ARGN})
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
        add_test(NAME unit/${name} COMMAND ramet_${name}_test --no-version ${arg_TEST_ARGUMENTS})
        set_tests_properties(unit/${name} PROPERTIES LABELS unit TIMEOUT 600)
    endif()
endfunction()

# One at a time of the entries that make processes, mounts and control groups which another would find; the long ones begin first.
function(ramet_take_machine test)
    set_tests_properties(${test} PROPERTIES RESOURCE_LOCK machine COST 1000)
endfunction()

# One precompiled header for all: the library of base owns it.
function(ramet_precompile target)
    if(target STREQUAL "ramet_base")
        target_precompile_headers(${target} PRIVATE ${CMAKE_SOURCE_DIR}/src/base/precompiled.hpp)
    else()
        target_precompile_headers(${target} REUSE_FROM ramet_base)
    endif()
endfunction()
