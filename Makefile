# Thin: CMake and CTest do the work. build/ is the only folder written.
#   make                        the program, in build/release
#   make test [LAYER="a b"]     lint unit sim vectors fuzz web vm-target vm-dongle vm-firmware, or these; LAYER=full: all
#   make demo [CLEAN=1]         a virtual machine in the browser
#   make bench [CORPUS=DIR] [BENCH="diff encode"]   ratios against others, and which targets are reached
#   make bundle [ARCH="amd64 arm64"]   Debian packages and all they need, for an offline install
#   make soak | clean | install [PREFIX=/usr/local] [DESTDIR=]
PREFIX ?= /usr/local
# In the environment, so that what stands there is a value and never part of a command.
export LAYER PREFIX

.PHONY: build test demo bench bundle soak clean install
build:
	@packaging/install-packages build
	@cmake -S . -B build/release -G Ninja >/dev/null
	@cmake --build build/release --target lightsoutd lightsout manuals

test:
	@packaging/install-packages build test
	@tests/run

demo:
	@packaging/demo

bench:
	@packaging/install-packages build test bench
	@tests/run bench

bundle:
	@packaging/install-packages build bundle
	@packaging/bundle $(ARCH)

soak:
	@packaging/install-packages build test
	@tests/run soak

clean:
	@rm -rf build

install: build
	@cmake --install build/release --prefix "$$PREFIX"
