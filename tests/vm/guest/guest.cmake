# Tests inside a virtual machine with Debian's stock kernel, because the kernel they need (gadget, V4L2, NBD) is not the
# one of the machine that builds.
#
#   lightsout_guest_test(NAME SOURCE... LIBS lib... MODULES module... [FILES file...] [ENVIRONMENT NAME=VALUE...]
#                        [TIMEOUT seconds] [FULL])
#
# SOURCE... make one cmocka program like those of tests/unit; it runs as root, in a folder of its own, with the modules
# loaded (a module may have parameters: "vivid n_devs=1"). FILES are put in the guest too, as build-image says. All the
# programs of a build share one boot, one after the other, so each cleans up behind itself. TIMEOUT (60) is a
# program's on a quiet machine, in the guest. FULL: it takes so long that only LAYER=full runs it, with others like it,
# as vm-full.NAME; vm-dongle as a whole has 90 s. ENVIRONMENT GUEST_ONLY=PATTERN: only the tests with such names (* and
# ?), which is how a quick one of a long program is run on its own.
#   ninja guest-NAME          builds and runs one of them, and shows all that it says
#   ctest -L vm-dongle        all of them but those
#
# A cross build for ARCH has those that LIGHTSOUT_GUEST_TESTS names, under the label ARCH-vm, in a guest of that
# architecture.
include_guard()
set(LIGHTSOUT_GUEST ${CMAKE_CURRENT_LIST_DIR})
set(guest_labels vm-dongle vm-full)
add_library(guest_only OBJECT ${LIGHTSOUT_GUEST}/only.c) # in each program
target_link_libraries(guest_only PRIVATE PkgConfig::cmocka)
if(CMAKE_CROSSCOMPILING)
    set(guest_labels ${LIGHTSOUT_DEBIAN_ARCHITECTURE}-vm)
endif()
foreach(label ${guest_labels}) # those of an earlier configuration
    file(REMOVE_RECURSE ${CMAKE_CURRENT_BINARY_DIR}/${label}/tests)
endforeach()

function(lightsout_guest_test name)
    cmake_parse_arguments(ARG "FULL" "TIMEOUT" "LIBS;MODULES;FILES;ENVIRONMENT" ${ARGN})
    if(CMAKE_CROSSCOMPILING AND NOT name IN_LIST LIGHTSOUT_GUEST_TESTS)
        return()
    endif()
    list(GET guest_labels 0 label)
    if(ARG_FULL)
        list(GET guest_labels -1 label)
    endif()
    foreach(source ${ARG_UNPARSED_ARGUMENTS})
        if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source})
            message(FATAL_ERROR "${label}.${name}: there is no ${source}")
        endif()
    endforeach()
    set(target guest_test_${name})
    add_executable(${target} ${ARG_UNPARSED_ARGUMENTS} $<TARGET_OBJECTS:guest_only>)
    target_link_libraries(${target} PRIVATE ${ARG_LIBS} PkgConfig::cmocka)
    target_compile_definitions(${target} PRIVATE TEST_DATA="/guest")
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 60)
    endif()
    set(times 2) # on a machine that has other things to do
    if(LIGHTSOUT_SANITIZE)
        set(times 6)
    endif()
    math(EXPR ARG_TIMEOUT "${ARG_TIMEOUT} * ${times}")

    set(folder ${CMAKE_CURRENT_BINARY_DIR}/${label})
    file(GENERATE OUTPUT ${folder}/tests/${name}/program CONTENT "$<TARGET_FILE:${target}>\n")
    file(GENERATE OUTPUT ${folder}/tests/${name}/timeout CONTENT "${ARG_TIMEOUT}\n")
    foreach(list MODULES FILES ENVIRONMENT)
        string(TOLOWER ${list} file)
        string(REPLACE ";" "\n" lines "${ARG_${list}}")
        if(lines)
            string(APPEND lines "\n")
        endif()
        file(GENERATE OUTPUT ${folder}/tests/${name}/${file} CONTENT "${lines}")
    endforeach()
    add_custom_target(guest-${name} COMMAND ${LIGHTSOUT_GUEST}/boot-tests ${folder} ${name} USES_TERMINAL)
    add_dependencies(guest-${name} ${target})
    add_test(NAME ${label}.${name} COMMAND ${LIGHTSOUT_GUEST}/show-test ${folder}/results ${name})
    set_tests_properties(${label}.${name} PROPERTIES LABELS ${label} TIMEOUT 120 SKIP_RETURN_CODE 77
        FIXTURES_REQUIRED ${label}_boot)

    get_property(limit GLOBAL PROPERTY ${label}_limit)
    math(EXPR limit "${limit} + ${ARG_TIMEOUT}")
    set_property(GLOBAL PROPERTY ${label}_limit ${limit})
endfunction()

# Called once, after the last test: the kernel (which may have to be fetched) and the boots that all share.
function(lightsout_guest_boot)
    list(GET guest_labels 0 label)
    add_test(NAME ${label}.kernel COMMAND ${LIGHTSOUT_GUEST}/build-kernel ${LIGHTSOUT_DEBIAN_ARCHITECTURE})
    set_tests_properties(${label}.kernel PROPERTIES LABELS "${guest_labels}" TIMEOUT 600 FIXTURES_SETUP guest_kernel)
    foreach(label ${guest_labels})
        set(folder ${CMAKE_CURRENT_BINARY_DIR}/${label})
        if(CMAKE_CROSSCOMPILING)
            file(GENERATE OUTPUT ${folder}/arch CONTENT "${LIGHTSOUT_DEBIAN_ARCHITECTURE}\n")
            file(GENERATE OUTPUT ${folder}/sysroot CONTENT "${CMAKE_SYSROOT}\n")
        endif()
        if(LIGHTSOUT_SANITIZE)
            file(GENERATE OUTPUT ${folder}/memory CONTENT "1024\n")
            file(GENERATE OUTPUT ${folder}/debug CONTENT "1\n")
        else()
            file(GENERATE OUTPUT ${folder}/memory CONTENT "512\n")
            file(GENERATE OUTPUT ${folder}/debug CONTENT "")
        endif()
        get_property(limit GLOBAL PROPERTY ${label}_limit)
        if(limit)
            math(EXPR limit "${limit} + 120")
            add_test(NAME ${label}.boot COMMAND ${LIGHTSOUT_GUEST}/boot-tests ${folder})
            set_tests_properties(${label}.boot PROPERTIES LABELS ${label} TIMEOUT ${limit} PROCESSORS 2 RESOURCE_LOCK board
                FIXTURES_SETUP ${label}_boot FIXTURES_REQUIRED guest_kernel)
        endif()
    endforeach()
endfunction()
