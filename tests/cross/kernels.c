/* The kernels of another processor against their reference, built by its compiler and run by an emulator. */
#include "unit/video/scan_check.h"

int main(void)
{
    int vectors = 0;
    for (int i = 0; scan_ops_all[i]; i++) {
        bool runs = scan_check_allowed(scan_ops_all[i]->needs);
        vectors += runs && scan_ops_all[i]->needs;
        printf("%s%s\n", scan_ops_all[i]->name, runs ? "" : ": not on this processor");
    }
    if (!vectors) {
        fprintf(stderr, "no vector kernel can run here: nothing would be tested\n");
        return 1;
    }
    scan_check_sizes();
    scan_check_bits();
    scan_check_noise();
    puts("alike");
    return 0;
}
