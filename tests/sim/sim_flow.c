/* sim_flow [--check]: prints what the scenarios measure as rows of bench.json; --check: fails where one misses its
 * limit. */
#include <stdio.h>
#include <string.h>

#include "scenarios.h"

static bool met(const struct scenario_row *row)
{
    return row->limit == 0 || (row->floor ? row->value >= row->limit : row->value <= row->limit);
}

int main(int argc, char **argv)
{
    static struct scenario_row rows[SCENARIO_ROWS];
    bool check = argc > 1 && strcmp(argv[1], "--check") == 0;
    unsigned n = scenarios_run(rows), missed = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct scenario_row *r = &rows[i];
        missed += !met(r);
        if (check)
            printf("%-20s %-22s %10.2f %-5s %s %.1f%s\n", r->scenario, r->metric, r->value, r->unit,
                   r->limit == 0 ? ""
                   : r->floor    ? ">="
                                 : "<=",
                   r->limit, met(r) ? "" : "   MISSED");
        else
            printf("{\"bench\": \"sim_flow\", \"recording\": \"%s\", \"metric\": \"%s\", \"unit\": \"%s\", \"ours\": "
                   "%.3f, "
                   "\"peer\": \"limit\", \"peer_value\": %.3f, \"ratio\": %s%.3f}\n",
                   r->scenario, r->metric, r->unit, r->value, r->limit, "",
                   r->limit == 0 ? 0
                   : r->floor    ? r->limit / r->value
                                 : r->value / r->limit);
    }
    return check && missed > 0;
}
