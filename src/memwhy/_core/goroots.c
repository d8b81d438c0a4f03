#include "goroots.h"

#include <stdlib.h>

int goroots_open(struct goroots *roots, const uint32_t *rows, size_t count, uint32_t owners)
{
    *roots = (struct goroots){.rows = rows, .count = count, .owners = owners};
    roots->first = calloc((size_t)owners + 2, sizeof *roots->first);
    if (roots->first == NULL)
        return -1;
    for (size_t i = 0; i < count; i++)
        roots->first[rows[3 * i + 1] + 1]++;
    for (uint32_t owner = 0; owner < owners; owner++)
        roots->first[owner + 1] += roots->first[owner];
    return 0;
}

void goroots_close(struct goroots *roots)
{
    free(roots->first);
}
