# Language, warnings, hardening and the sanitizer builds.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE ccache)
if(CCACHE)
    # The cache is shared between checkouts and build folders; a precompiled header needs the two sloppiness settings.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
        CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

option(RAMET_FAILPOINTS "Places at which a test can end the server; never in what people get" OFF)
option(RAMET_FUZZERS "The targets of tests/fuzz for libFuzzer too (clang)" OFF)
set(RAMET_SANITIZE "" CACHE STRING "address, thread, or nothing")

add_library(ramet_flags INTERFACE)
target_include_directories(ramet_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(ramet_flags INTERFACE
    -Wall -Wextra -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
    -fstack-protector-strong -fstack-clash-protection -fpch-preprocess
    -fPIE)  # CMake says -fPIC for libraries and -fPIE for programs; one precompiled header wants one word
target_compile_definitions(ramet_flags INTERFACE _GLIBCXX_ASSERTIONS)
# g++ 12 warns falsely about std::string at -O3 (-Wrestrict), so release is -O2; _FORTIFY_SOURCE needs an optimised build.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG -D_FORTIFY_SOURCE=3")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
target_link_options(ramet_flags INTERFACE -Wl,-z,relro,-z,now)
find_program(MOLD mold)
if(MOLD)
    target_link_options(ramet_flags INTERFACE -fuse-ld=mold)
endif()

if(RAMET_SANITIZE STREQUAL "address")
    target_compile_options(ramet_flags INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(ramet_flags INTERFACE -fsanitize=address,undefined)
elseif(RAMET_SANITIZE STREQUAL "thread")
    target_compile_options(ramet_flags INTERFACE -fsanitize=thread)
    target_link_options(ramet_flags INTERFACE -fsanitize=thread)
endif()
if(RAMET_FUZZERS)
    if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "RAMET_FUZZERS needs clang: -DCMAKE_CXX_COMPILER=clang++-19")
    endif()
    # What clang alone finds odd is no reason not to fuzz.
    target_compile_options(ramet_flags INTERFACE -fsanitize=fuzzer-no-link -Wno-error)
endif()
