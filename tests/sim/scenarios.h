/* What is promised of slow links and many viewers, each as one simulated scenario. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct scenario_row {
    const char *scenario, *metric, *unit;
    double value, limit; /* limit: at most (at least, when `floor`); 0: only told */
    bool floor;
};

#define SCENARIO_ROWS 64

/* Fills rows; how many. */
unsigned scenarios_run(struct scenario_row *rows);
