#include "bench/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void print_number(const char *name, double value)
{
    if (isfinite(value))
        printf("\"%s\": %.4g", name, value);
    else
        printf("\"%s\": null", name);
}

void row_print(const char *bench, const char *recording, const char *metric, const char *unit, double ours,
               const char *peer, double peer_value)
{
    printf("{\"bench\": \"%s\", \"recording\": \"%s\", \"metric\": \"%s\", \"unit\": \"%s\", ", bench, recording,
           metric, unit);
    print_number("ours", ours);
    printf(", \"peer\": \"%s\", ", peer);
    print_number("peer_value", peer_value);
    printf(", ");
    print_number("ratio", peer_value > 0 ? ours / peer_value : NAN);
    printf("}\n");
    fflush(stdout);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double median(double *values, size_t n)
{
    qsort(values, n, sizeof values[0], compare);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

double thread_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}
