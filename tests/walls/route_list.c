/* The server's own routes, one a line: method, path, who may call, rights. From the tables that the server is given, so
 * that no list of a test's can leave one out. */
#include <stdio.h>

#include "api/api.h"
#include "auth/role.h"
#include "transport/server_internal.h"

static const char *const methods[] = {[ROUTE_GET] = "GET",     [ROUTE_POST] = "POST",     [ROUTE_PUT] = "PUT",
                                      [ROUTE_PATCH] = "PATCH", [ROUTE_DELETE] = "DELETE", [ROUTE_OPTIONS] = "OPTIONS"};
static const char *const accesses[] = {[ROUTE_SETUP] = "setup",
                                       [ROUTE_PUBLIC] = "public",
                                       [ROUTE_SESSION] = "session",
                                       [ROUTE_RIGHT] = "right",
                                       [ROUTE_ANYWHERE] = "anywhere"};

static void print_table(const struct route_table *table)
{
    for (size_t i = 0; i < table->n_rows; i++) {
        const struct route *row = &table->rows[i];
        printf("%s %s %s", methods[row->method], row->path, accesses[row->access]);
        for (unsigned bit = 0; bit < 32; bit++)
            if (row->rights & 1u << bit)
                printf(" %s", right_name(1u << bit) ? right_name(1u << bit) : "?");
        printf("\n");
    }
}

int main(void)
{
    static struct api_context api;
    static struct server server;
    size_t n;
    const struct route_table *tables = api_tables(&api, &n);
    server_add_own_routes(&server);
    print_table(&server.own_table);
    for (size_t i = 0; i < n; i++)
        print_table(&tables[i]);
    return 0;
}
