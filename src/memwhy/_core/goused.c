#include "goused.h"

#include <string.h>

#define BEFORE 3u /* bytes before a distance that tell what stands behind it */

/* Bytes of the number behind the distance, by the opcode before ModRM (Intel SDM, vol. 2, appendix A). */
static unsigned tail_of(const uint8_t *modrm)
{
    uint8_t opcode = modrm[-1], reg = modrm[0] >> 3 & 7;

    if (modrm[-2] == 0x0f)
        return opcode == 0xba || opcode == 0xc2 || opcode == 0xc4 || opcode == 0xc5 || opcode == 0xc6 || opcode == 0x70 || opcode == 0xa4 ||
               opcode == 0xac;
    switch (opcode) {
    case 0x80:
    case 0x83:
    case 0x6b:
    case 0xc0:
    case 0xc1:
    case 0xc6:
        return 1;
    case 0x69:
    case 0x81:
    case 0xc7:
        return modrm[-2] == 0x66 ? 2 : 4;
    case 0xf6:
        return reg < 2;
    case 0xf7:
        return reg < 2 ? (modrm[-2] == 0x66 ? 2 : 4) : 0;
    default:
        return 0;
    }
}

static int is_within(const uint64_t *windows, size_t count, uint64_t address)
{
    size_t low = 0, high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (windows[2 * middle + 1] <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && windows[2 * low] <= address;
}

int goused_search(const uint8_t *text, size_t size, uint64_t base, const uint64_t *windows, size_t count, goused_found found, void *context)
{
    int bad = 0;

    for (size_t at = BEFORE; count && at + 4 <= size && !bad; at++) {
        int32_t distance;
        uint64_t target;
        if ((text[at - 1] & 0xc7) != 0x05) /* no register but rip */
            continue;
        memcpy(&distance, text + at, sizeof distance);
        target = base + at + 4 + tail_of(text + at - 1) + (uint64_t)(int64_t)distance;
        if (target >= windows[0] && target < windows[2 * count - 1] && is_within(windows, count, target))
            bad = found(context, base + at, target);
    }
    return bad;
}
