#include "goreach.h"

#include "bits.h"
#include "worklist.h"

#include <stdlib.h>

/* What is so many pointers away: an owner's group, and the objects that it reaches there, up to the next group's. */
struct reach {
    struct gogroups *groups;
    const struct goedges *edges;
    uint8_t *met; /* a bit an object */
    struct worklist now, next;
    uint32_t owner; /* the group of those that are put into `next` */
};

#define MARK UINT32_C(0xfffffffe) /* in a list: what follows is an owner's group */

uint64_t goreach_bytes(const struct goheap *heap)
{
    return heap->objects / 8 + 2 * (uint64_t)heap->scanned * sizeof(uint32_t);
}

static int meet(struct reach *reach, uint32_t owner, uint32_t object)
{
    const struct goedges *edges = reach->edges;
    uint64_t bytes;

    if (bit_is_set(reach->met, object))
        return 0;
    set_bit(reach->met, object);
    bytes = goheap_span_of(edges->heap, object)->element;
    if (gogroups_add(reach->groups, gogroups_below(reach->groups, owner, gogroups_key(edges, object, bytes), GOEDGES_FAR), bytes))
        return -1;
    if (object >= edges->heap->scanned || edges->rows[object] == edges->rows[object + 1])
        return 0;
    if (reach->owner != owner) {
        reach->owner = owner;
        if (worklist_put(&reach->next, MARK) || worklist_put(&reach->next, owner))
            return -1;
    }
    return worklist_put(&reach->next, object);
}

/* One pointer further: `next` becomes what was reached from `now`. */
static int step(struct reach *reach, const struct goroots *roots)
{
    struct worklist now = reach->next;
    uint32_t owner = 0;

    reach->next = reach->now;
    reach->now = now;
    reach->next.count = 0;
    reach->owner = 0;
    for (size_t i = 0; i < now.count; i++) {
        uint32_t object = now.items[i];
        if (object == MARK) {
            owner = now.items[++i];
            continue;
        }
        if (goroots_ticks(roots, (uint32_t)i))
            return 1;
        for (uint32_t edge = reach->edges->rows[object]; edge < reach->edges->rows[object + 1]; edge++)
            if (meet(reach, owner, reach->edges->to[edge]))
                return -1;
    }
    return 0;
}

int goreach(struct gogroups *groups, const struct goedges *edges, const struct goroots *roots, uint8_t **met)
{
    struct reach reach = {.groups = groups, .edges = edges};
    int bad = gogroups_open(groups);

    reach.met = calloc((size_t)edges->heap->objects / 8 + 1, 1);
    if (reach.met == NULL)
        bad = -1;
    for (uint32_t owner = 0; owner < roots->owners && !bad; owner++) {
        uint32_t group = gogroups_below(groups, 0, GOGROUPS_OWNER + owner, 0);
        bad = group == GOHEAP_NONE ? -1 : 0;
        for (uint32_t i = roots->first[owner]; i < roots->first[owner + 1] && !bad; i++)
            bad = meet(&reach, group, roots->rows[3 * (size_t)i]);
    }
    while (!bad && reach.next.count)
        bad = step(&reach, roots);
    *met = reach.met;
    free(reach.now.items);
    free(reach.next.items);
    return bad;
}
