#include "gocode.h"

#include <string.h>

static int is_target(const uint64_t *targets, size_t count, uint64_t address)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (targets[middle] < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && targets[low] == address;
}

int gocode_search(const uint8_t *text, size_t size, uint64_t base, const uint64_t *targets, size_t count, gocode_found found, void *context)
{
    int bad = 0;

    for (size_t at = 1; count && size >= GOCODE_BYTES && at + 6 <= size && !bad; at++) {
        const uint8_t *code = memchr(text + at, 0x8d, size - 5 - at);
        int32_t distance;
        uint64_t target;
        if (code == NULL)
            break;
        at = (size_t)(code - text);
        if ((code[-1] & 0xfb) != 0x48 || (code[1] & 0xc7) != 0x05) /* REX.W or REX.WR; no register but rip */
            continue;
        memcpy(&distance, code + 2, sizeof distance);
        target = base + at - 1 + GOCODE_BYTES + (uint64_t)(int64_t)distance;
        if (target >= targets[0] && target <= targets[count - 1] && is_target(targets, count, target))
            bad = found(context, base + at - 1, target);
    }
    return bad;
}
