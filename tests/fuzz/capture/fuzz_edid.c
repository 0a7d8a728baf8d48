/* EDIDs of any bytes: what is accepted is whole, and comes out the same when it is read again. */
#include <stdlib.h>
#include <string.h>

#include "capture/edid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct edid *edid)
{
    struct edid_facts facts;
    edid_describe(edid, &facts);
    if (strlen(facts.name) > 13 || strlen(facts.serial) > 13 || strlen(facts.manufacturer) > 3)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct edid edid, again;
    char why[160] = "";
    if (edid_parse(data, size, &edid, why, sizeof why) == 0) {
        if (edid_parse(edid.bytes, edid.size, &again, why, sizeof why) != 0 || again.size != edid.size)
            abort();
        describe(&edid);
    } else if (!why[0]) {
        abort();
    }
    /* a receiver's own, which nobody checked */
    edid = (struct edid){.size = size < sizeof edid.bytes ? size : sizeof edid.bytes};
    if (size)
        memcpy(edid.bytes, data, edid.size);
    describe(&edid);
    return 0;
}
