/* Numbers that are still to be looked at; it grows as it has to. */
#ifndef MEMWHY_WORKLIST_H
#define MEMWHY_WORKLIST_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

struct worklist {
    uint32_t *items;
    size_t count, room;
};

/* 0, or -1 for no memory. */
static inline int worklist_put(struct worklist *list, uint32_t item)
{
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 1u << 12;
        uint32_t *more = realloc(list->items, room * sizeof *more);
        if (more == NULL)
            return -1;
        list->items = more;
        list->room = room;
    }
    list->items[list->count++] = item;
    return 0;
}

#endif
