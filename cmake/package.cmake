# What is installed, and the Debian package made of it: `cpack --config build/X/CPackConfig.cmake` or `make bundle`.
include(GNUInstallDirs)
install(TARGETS lightsoutd RUNTIME DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(TARGETS lightsout RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES packaging/completions/lightsout DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN status.md EXCLUDE PATTERN images EXCLUDE)
install(DIRECTORY packaging/configurations DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.conf"
    PATTERN lightsout.conf EXCLUDE)

# The rest is for a system with systemd, and only in the package: an install below /usr/local brings no services.
option(LIGHTSOUT_SYSTEM_FILES "Install units, users, udev rules and /etc/lightsout" OFF)
if(LIGHTSOUT_SYSTEM_FILES)
    set(systemd packaging/systemd)
    file(GLOB units CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${systemd}/*.service ${CMAKE_SOURCE_DIR}/${systemd}/*.socket)
    install(FILES ${units} DESTINATION /usr/lib/systemd/system)
    install(FILES ${systemd}/lightsout.sysusers DESTINATION /usr/lib/sysusers.d RENAME lightsout.conf)
    install(FILES ${systemd}/lightsout.tmpfiles DESTINATION /usr/lib/tmpfiles.d RENAME lightsout.conf)
    install(FILES ${systemd}/lightsout.modules DESTINATION /usr/lib/modules-load.d RENAME lightsout.conf)
    install(FILES packaging/configurations/99-lightsout.rules DESTINATION /usr/lib/udev/rules.d)
    install(FILES packaging/configurations/lightsout.conf DESTINATION /etc/lightsout)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_SOURCE_DIR}/cmake/manifest.cmake)
set(CPACK_PACKAGE_NAME lightsout)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "KVM-over-IP and virtual-media gateway")
set(CPACK_PACKAGE_DESCRIPTION "Screen, keyboard, mouse, power and virtual media of any machine in a browser, from the
first firmware line on: a PC behind a capture device and a USB-gadget cable, or a
virtual machine.")
set(CPACK_PACKAGE_CONTACT "lightsout maintainers <lightsout@localhost>")
set(CPACK_STRIP_FILES ON)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
# Beside the libraries: who vouches for the servers of https media.
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "udev")
# Text of screens is read by the fonts of the first three, and recognised by the last.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "qemu-system-x86, ovmf, swtpm, seabios, console-setup-linux, grub-common, tesseract-ocr")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(debian ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/postinst ${debian}/prerm ${debian}/postrm ${debian}/conffiles)
if(CMAKE_CROSSCOMPILING)
    # dpkg-shlibdeps knows only this machine's own packages: packaging/bundle says what the package depends on
    set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${LIGHTSOUT_DEBIAN_ARCHITECTURE})
    set(CPACK_STRIP_EXECUTABLE ${CMAKE_STRIP})
else()
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
endif()
include(CPack)
