# Runs when the package's files stand in their folder, stripped, before they are packed: writes what `lightsoutd
# --self-check` compares with. A line for each file: SHA-256, mode, path. What the owner may change is not in it.
set(root ${CPACK_TEMPORARY_DIRECTORY})
set(manifest usr/lib/lightsout/manifest)
file(GLOB_RECURSE files RELATIVE ${root} ${root}/*)
# Documents may be left out by the system (dpkg --path-exclude).
list(FILTER files EXCLUDE REGEX "^(etc|DEBIAN|usr/share/doc)/|^${manifest}$|^[^/]*$")
list(SORT files)
set(lines "")
foreach(file ${files})
    file(SHA256 ${root}/${file} sum)
    execute_process(COMMAND stat -c %a ${root}/${file} OUTPUT_VARIABLE mode OUTPUT_STRIP_TRAILING_WHITESPACE)
    string(APPEND lines "${sum} ${mode} /${file}\n")
endforeach()
file(WRITE ${root}/${manifest} "${lines}")
file(CHMOD ${root}/${manifest} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)

# Whatever the umask of who builds.
file(GLOB_RECURSE all LIST_DIRECTORIES true ${root}/*)
foreach(path ${all})
    if(IS_DIRECTORY ${path} AND NOT path MATCHES "/DEBIAN$")
        file(CHMOD ${path} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
            WORLD_EXECUTE)
    endif()
endforeach()
