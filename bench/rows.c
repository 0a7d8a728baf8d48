#include "bench/rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static FILE *list;
static unsigned rows_in_list;

bool rows_begin(const char *path)
{
    list = fopen(path, "we");
    if (list)
        fputs("[\n", list);
    return list != NULL;
}

void rows_end(void)
{
    if (list) {
        fputs(rows_in_list ? "\n]\n" : "]\n", list);
        fclose(list);
    }
    list = NULL;
}

double rows_none(void)
{
    return NAN;
}

static void print_number(FILE *out, const char *name, double value)
{
    if (isfinite(value))
        fprintf(out, "\"%s\": %.5g", name, value);
    else
        fprintf(out, "\"%s\": null", name);
}

void row_print(const char *bench, const char *recording, const char *metric, const char *unit, double ours,
               const char *peer, double peer_value)
{
    FILE *out = list ? list : stdout;
    if (list && rows_in_list++ > 0)
        fputs(",\n", out);
    fprintf(out, "{\"bench\": \"%s\", \"recording\": \"%s\", \"metric\": \"%s\", \"unit\": \"%s\", ", bench, recording,
            metric, unit);
    print_number(out, "ours", ours);
    fprintf(out, ", \"peer\": \"%s\", ", peer);
    print_number(out, "peer_value", peer_value);
    fputs(", ", out);
    print_number(out, "ratio", peer_value > 0 ? ours / peer_value : NAN);
    fputs(list ? "}" : "}\n", out);
    fflush(out);
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

static double clock_ms(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

double thread_ms(void)
{
    return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

double process_ms(void)
{
    return clock_ms(CLOCK_PROCESS_CPUTIME_ID);
}

double wall_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}
