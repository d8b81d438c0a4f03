#include "gogroups.h"

#include "bits.h"
#include "huge.h"

#include <stdlib.h>

#define PLACES (1u << 19) /* a power of two, more than GOGROUPS_MOST */
#define RECURSION 6       /* so far up a type is looked for again: lists and trees are one group */

static uint32_t place_of(uint32_t parent, uint32_t key, uint32_t at)
{
    uint64_t mixed = (parent * UINT64_C(0x9e3779b97f4a7c15)) ^ (key * UINT64_C(0xc2b2ae3d27d4eb4f)) ^ (at * UINT64_C(0x165667b19e3779f9));

    return (uint32_t)((mixed ^ mixed >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >> 45);
}

uint32_t gogroups_below(struct gogroups *groups, uint32_t parent, uint32_t key, uint32_t at)
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

uint32_t gogroups_of(struct gogroups *groups, uint32_t parent, uint32_t key, uint32_t at)
{
    uint32_t above = at == GODOMINATE_SHARED ? 0 : recursive(groups, parent, key);

    return above ? above : gogroups_below(groups, parent, key, at);
}

int gogroups_add(struct gogroups *groups, uint32_t group, uint64_t bytes)
{
    if (group == GOHEAP_NONE)
        return -1;
    groups->rows[group].count++;
    groups->rows[group].bytes += bytes;
    return 0;
}

uint32_t gogroups_key(const struct goedges *edges, uint32_t object, uint64_t element)
{
    uint32_t words = element / 8 < GOGROUPS_SIZE - 1 ? (uint32_t)(element / 8) : GOGROUPS_SIZE - 1;

    if (object >= edges->heap->scanned && element == GOEDGES_TINY)
        words = 0;
    return edges->types[object] ? edges->types[object] : GOGROUPS_SIZE + words;
}

/* The answer of gogroups_of that was given last: what stands side by side is mostly of one group. */
struct last {
    uint32_t parent, key, at, group;
};

static inline uint32_t group_of(struct gogroups *groups, struct last *last, uint32_t parent, uint32_t key, uint32_t at)
{
    if (last->parent != parent || last->key != key || last->at != at)
        *last = (struct last){parent, key, at, gogroups_of(groups, parent, key, at)};
    return last->group;
}

static int group_nodes(struct gogroups *groups, const struct goedges *edges, const struct godominators *found)
{
    uint32_t *group = groups->of_node;
    struct last last = {.parent = GOHEAP_NONE};

    for (uint32_t node = 1; node < found->count; node++) {
        uint32_t object = found->object[node], parent = group[found->idom[node]];
        uint64_t bytes = 0;
        if (goroots_ticks(found->roots, node))
            return 1;
        if (object < edges->heap->scanned) {
            bytes = goheap_span_of(edges->heap, object)->element;
            group[node] = group_of(groups, &last, parent, gogroups_key(edges, object, bytes), found->at[node]);
        } else {
            group[node] = gogroups_below(groups, parent, GOGROUPS_OWNER + (GOHEAP_NONE - object), 0);
        }
        if (group[node] == GOHEAP_NONE || (bytes && gogroups_add(groups, group[node], bytes)))
            return -1;
    }
    return 0;
}

/* In the place of the node that keeps a leaf comes its group. */
static int group_leaves(struct gogroups *groups, const struct goedges *edges, struct godominators *found)
{
    const struct goheap *heap = edges->heap;
    struct last last = {.parent = GOHEAP_NONE};

    for (uint32_t s = 0; s < heap->span_count; s++) {
        const struct goheap_span *span = &heap->spans[s];
        if (goroots_ticks(found->roots, s))
            return 1;
        if (span->kind != GOHEAP_NOSCAN)
            continue;
        for (uint32_t i = 0; i < span->count; i++) {
            uint32_t leaf = span->first + i - heap->scanned, node = found->leaf[leaf], group;
            if (node == GOHEAP_NONE)
                continue;
            group = group_of(groups, &last, groups->of_node[node], gogroups_key(edges, span->first + i, span->element), found->leaf_at[leaf]);
            if (gogroups_add(groups, group, span->element))
                return -1;
            found->leaf[leaf] = group;
        }
    }
    return 0;
}

/* Groups that will be one line: fields of an array of fields, the words of a node of a tree, are many groups. */
static int is_alike(const struct gogroups *groups, uint32_t one, uint32_t other)
{
    const struct gogroup *rows = groups->rows;

    return one == other || (one < GOGROUPS_OWNER && other < GOGROUPS_OWNER && rows[one].key == rows[other].key &&
                            rows[rows[one].parent].key == rows[rows[other].parent].key);
}

/* Where one more is to be noted; GOGROUPS_BY where its like stands already, or there is no room. */
static int free_place(const struct gogroups *groups, const struct gogroup *group, uint32_t who)
{
    int i = 0;

    while (i < GOGROUPS_BY && group->by[i] != 0)
        if (is_alike(groups, group->by[i++], who))
            return GOGROUPS_BY;
    return i;
}

static int is_below(const struct gogroups *groups, uint32_t group, uint32_t other)
{
    while (group > other)
        group = groups->rows[group].parent;
    return group == other;
}

/* Of what no single object or owner holds: who points to it, as far as there is room. Of what hangs below group 0 those are owners, or what
 * hangs there, too (top: by group the one of those above it that does); else groups below the one that keeps it. */
static void name_sharers_of(struct gogroups *groups, const struct goedges *edges, const struct godominators *found, const uint32_t *top,
                            uint32_t node, uint32_t target)
{
    const uint32_t scanned = edges->heap->scanned;
    uint32_t shared, who = groups->of_node[node], mark;
    int place, of_all;

    if (target < scanned) {
        if (found->at[found->node[target]] != GODOMINATE_SHARED)
            return;
        shared = groups->of_node[found->node[target]];
        of_all = found->idom[found->node[target]] == 0;
    } else {
        if (found->leaf_at[target - scanned] != GODOMINATE_SHARED)
            return;
        shared = found->leaf[target - scanned];
        of_all = groups->rows[shared].parent == 0;
    }
    if (of_all)
        who = top[who];
    if (who == 0 || shared == 0 || shared >= groups->count)
        return;
    mark = of_all && groups->rows[who].key >= GOGROUPS_OWNER ? groups->rows[who].key : who;
    place = free_place(groups, &groups->rows[shared], mark);
    if (place < GOGROUPS_BY && !is_below(groups, who, shared))
        groups->rows[shared].by[place] = mark;
}

static int name_sharers(struct gogroups *groups, const struct goedges *edges, const struct godominators *found)
{
    const struct goroots *roots = found->roots;
    uint32_t *top = malloc(((size_t)groups->count + 1) * sizeof *top), node, owner = 0;
    int bad = top ? 0 : -1;

    for (uint32_t group = 0; !bad && group < groups->count; group++)
        top[group] = groups->rows[group].parent ? top[groups->rows[group].parent] : group;
    for (node = 1; !bad && node < found->count; node++) {
        if (found->object[node] < edges->heap->scanned)
            continue;
        for (uint32_t i = roots->first[owner]; i < roots->first[owner + 1]; i++)
            if (bit_is_set(found->again, roots->rows[3 * (size_t)i]))
                name_sharers_of(groups, edges, found, top, node, roots->rows[3 * (size_t)i]);
        owner++;
    }
    for (uint32_t object = 0; !bad && object < edges->heap->scanned; object++) {
        if (goroots_ticks(roots, object))
            bad = 1;
        for (uint32_t i = edges->rows[object]; i < edges->rows[object + 1]; i++)
            if (bit_is_set(found->again, edges->to[i]) && (node = found->node[object]) != 0)
                name_sharers_of(groups, edges, found, top, node, edges->to[i]);
    }
    free(top);
    return bad;
}

int gogroups_open(struct gogroups *groups)
{
    *groups = (struct gogroups){.count = 1, .room = 1024};
    groups->rows = calloc(groups->room, sizeof *groups->rows);
    groups->places = calloc(PLACES, sizeof *groups->places);
    return groups->rows && groups->places ? 0 : -1;
}

int gogroups_make(struct gogroups *groups, const struct goedges *edges, struct godominators *found)
{
    int bad = gogroups_open(groups);

    groups->of_node = huge_zeroed((size_t)found->count + 1, sizeof *groups->of_node);
    if (bad || groups->of_node == NULL)
        return -1;
    bad = group_nodes(groups, edges, found);
    if (!bad)
        bad = group_leaves(groups, edges, found);
    return bad ? bad : name_sharers(groups, edges, found);
}

void gogroups_close(struct gogroups *groups)
{
    free(groups->rows);
    free(groups->places);
    free(groups->of_node);
}
