#include "gogroups.h"

#include <stdlib.h>

#define PLACES (1u << 19) /* a power of two, more than GOGROUPS_MOST */
#define RECURSION 6       /* so far up a type is looked for again: lists and trees are one group */

static uint32_t place_of(uint32_t parent, uint32_t key, uint32_t at)
{
    uint64_t mixed = (parent * UINT64_C(0x9e3779b97f4a7c15)) ^ (key * UINT64_C(0xc2b2ae3d27d4eb4f)) ^ (at * UINT64_C(0x165667b19e3779f9));

    return (uint32_t)((mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >> 45);
}

/* The group of that kind below another; its parent where there is no room for more. Returns GOHEAP_NONE for no memory. */
static uint32_t below(struct gogroups *groups, uint32_t parent, uint32_t key, uint32_t at)
{
    uint32_t *place = &groups->places[place_of(parent, key, at)];

    for (uint32_t row = *place; row; row = groups->rows[row].next)
        if (groups->rows[row].parent == parent && groups->rows[row].key == key && groups->rows[row].at == at)
            return row;
    if (groups->count == GOGROUPS_MOST)
        return parent;
    if (groups->count == groups->room) {
        struct gogroup *more = realloc(groups->rows, 2 * (size_t)groups->room * sizeof *more);
        if (more == NULL)
            return GOHEAP_NONE;
        groups->rows = more;
        groups->room *= 2;
    }
    groups->rows[groups->count] = (struct gogroup){.parent = parent, .key = key, .at = at, .next = *place};
    *place = groups->count;
    return groups->count++;
}

/* What has the type of a group above it is of that group. */
static uint32_t recursive(const struct gogroups *groups, uint32_t parent, uint32_t key)
{
    for (int up = 0; up < RECURSION && parent; up++, parent = groups->rows[parent].parent)
        if (groups->rows[parent].key == key)
            return parent;
    return 0;
}

static uint32_t group_of(struct gogroups *groups, uint32_t parent, uint32_t key, uint32_t at)
{
    uint32_t above = at == GODOMINATE_SHARED ? 0 : recursive(groups, parent, key);

    return above ? above : below(groups, parent, key, at);
}

static int add(struct gogroups *groups, uint32_t group, uint64_t bytes)
{
    if (group == GOHEAP_NONE)
        return -1;
    groups->rows[group].count++;
    groups->rows[group].bytes += bytes;
    return 0;
}

static uint32_t key_of(const struct goedges *edges, uint32_t object, uint64_t element)
{
    uint32_t words = element / 8 < GOGROUPS_SIZE - 1 ? (uint32_t)(element / 8) : GOGROUPS_SIZE - 1;

    return edges->types[object] ? edges->types[object] : GOGROUPS_SIZE + words;
}

static int group_nodes(struct gogroups *groups, const struct goedges *edges, const struct godominators *found, uint32_t *group)
{
    for (uint32_t node = 1; node < found->count; node++) {
        uint32_t object = found->object[node], parent = group[found->idom[node]];
        uint64_t bytes = 0;
        if (object < edges->heap->scanned) {
            bytes = goheap_span_of(edges->heap, object)->element;
            group[node] = group_of(groups, parent, key_of(edges, object, bytes), found->at[node]);
        } else {
            group[node] = below(groups, parent, GOGROUPS_OWNER + (GOHEAP_NONE - object), 0);
        }
        if (group[node] == GOHEAP_NONE || (bytes && add(groups, group[node], bytes)))
            return -1;
    }
    return 0;
}

static int group_leaves(struct gogroups *groups, const struct goedges *edges, const struct godominators *found, const uint32_t *group)
{
    const struct goheap *heap = edges->heap;

    for (uint32_t s = 0; s < heap->span_count; s++) {
        const struct goheap_span *span = &heap->spans[s];
        if (span->kind != GOHEAP_NOSCAN)
            continue;
        for (uint32_t i = 0; i < span->count; i++) {
            uint32_t leaf = span->first + i - heap->scanned, node = found->leaf[leaf];
            if (node != GOHEAP_NONE &&
                add(groups, group_of(groups, group[node], key_of(edges, span->first + i, span->element), found->leaf_at[leaf]), span->element))
                return -1;
        }
    }
    return 0;
}

static void note(struct gogroup *group, uint32_t who)
{
    for (int i = 0; i < GOGROUPS_BY; i++) {
        if (group->by[i] == who)
            return;
        if (group->by[i] == 0) {
            group->by[i] = who;
            return;
        }
    }
}

/* Of what no single owner keeps: below whose pointers it hangs. top: by node the one of its dominators that is below node 0. */
static int name_sharers(struct gogroups *groups, const struct goedges *edges, const struct godominators *found, const uint32_t *group)
{
    uint32_t *top = malloc(((size_t)found->count + 1) * sizeof *top);

    if (top == NULL)
        return -1;
    for (uint32_t node = 0; node < found->count; node++)
        top[node] = found->idom[node] ? top[found->idom[node]] : node;
    for (uint32_t node = 1; node < found->count; node++) {
        if (found->idom[node] || found->object[node] >= edges->heap->scanned)
            continue;
        for (uint32_t i = found->into_rows[node]; i < found->into_rows[node + 1]; i++) {
            uint32_t above = top[found->into[i]], object = found->object[above];
            if (above != node)
                note(&groups->rows[group[node]], object < edges->heap->scanned ? group[above] : GOGROUPS_OWNER + (GOHEAP_NONE - object));
        }
    }
    free(top);
    return 0;
}

int gogroups_make(struct gogroups *groups, const struct goedges *edges, const struct godominators *found)
{
    uint32_t *group = calloc((size_t)found->count + 1, sizeof *group);
    int bad;

    *groups = (struct gogroups){.count = 1, .room = 1024};
    groups->rows = calloc(groups->room, sizeof *groups->rows);
    groups->places = calloc(PLACES, sizeof *groups->places);
    bad = group && groups->rows && groups->places ? 0 : -1;
    if (!bad)
        bad = group_nodes(groups, edges, found, group) || group_leaves(groups, edges, found, group) ||
              name_sharers(groups, edges, found, group)
                  ? -1
                  : 0;
    free(group);
    return bad;
}

void gogroups_close(struct gogroups *groups)
{
    free(groups->rows);
    free(groups->places);
}
