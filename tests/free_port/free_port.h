/* Ports for programs under test, which open them some time after they were chosen. */
#pragma once

/* A port of 127.0.0.1 that nobody listens on, nor on the one behind it. Both lie below those that the kernel gives to
 * connections (32768), and no other test is given them until this process ends: their UDP sides are the sign of that,
 * for the page's tests too (tests/web/gateway.mjs). */
unsigned free_port(void);
