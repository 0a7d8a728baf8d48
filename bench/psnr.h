/* How far what a viewer sees is from what was captured. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct psnr {
    double error; /* sum of squares */
    double samples;
};

#define PSNR_EXACT 100.0 /* dB, in place of infinity */

/* BGRX both; the X bytes are not looked at. */
void psnr_add(struct psnr *self, const uint8_t *seen, const uint8_t *captured, size_t pixels);
/* The same with what is seen in R,G,B,x order. */
void psnr_add_rgba(struct psnr *self, const uint8_t *seen, const uint8_t *captured, size_t pixels);

/* Of all that was added, as one: 10 lg (255^2 / mean squared error of R, G and B). */
double psnr_db(const struct psnr *self);
