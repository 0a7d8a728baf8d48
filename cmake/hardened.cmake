# Flags that make what bugs there are hard to use, and builds that give the same bytes wherever and whenever they run.
# tests/lint/check_hardened.py reads the programs; packaging/check-reproducible builds twice.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()

add_compile_options(-fstack-protector-strong)
add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)

# Sanitizers bring walls of their own, and are told apart by their reports' full paths.
if(LIGHTSOUT_SANITIZE)
    return()
endif()

# Level 3 needs gcc 12 or clang 9, which Debian 12 surpasses; without optimization the C library would only warn.
add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE> $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=3>)

# Jumps only to where jumps may go, returns only to where calls came from. The processor checks it where every linked
# object says that it can: Debian 12's crt1.o and crti.o of amd64 do not, so there the marks are in our code alone.
foreach(flag -fstack-clash-protection -fcf-protection=full -mbranch-protection=standard)
    string(MAKE_C_IDENTIFIER "LIGHTSOUT${flag}" has)
    check_c_compiler_flag("${flag} -Werror" ${has})
    if(${has})
        add_compile_options(${flag})
    endif()
endforeach()

# Neither folder is in the programs. The build's comes last: it may stand in the source's, and the last that fits wins.
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -ffile-prefix-map=${CMAKE_BINARY_DIR}=build)
add_compile_options(-Werror=date-time)
add_link_options(-Wl,--build-id=sha1)
