/* keep-clock: tells the kernel that its clock is kept right, as a time service does. */
#include <stdio.h>
#include <sys/timex.h>

int main(void)
{
    struct timex timex = {.modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR, .status = STA_PLL};
    if (adjtimex(&timex) < 0) {
        perror("keep-clock");
        return 1;
    }
    return 0;
}
