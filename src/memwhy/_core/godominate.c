#include "godominate.h"

#include "bits.h"
#include "huge.h"

#include <stdlib.h>
#include <string.h>

#define AHEAD 8u /* so many edges further on what they lead to is asked for: most of the time goes to waiting for memory */

/* An edge to a node that was met by another one. next: of those to the same node; before they are listed, that node. */
struct join {
    uint32_t next, from;
};

/* What the search needs besides its results, by node; each array means one thing after another.
 *
 * above: the parent in the search's tree, shortened while semidominators are sought; then how deep the node is among dominators.
 * label: the edge to go on with; then its joins; then the least semidominator up to `above`; then the dominator to jump to. */
struct search {
    struct godominators *found;
    const struct goedges *edges;
    uint32_t *above, *label;
    struct join *joins; /* from 1 on; 0 ends a list */
    uint32_t join_count, join_room;
    struct join *moved; /* from a node to its semidominator, where that is not its parent; the last nodes first */
    uint32_t moved_count, moved_room;
};

uint64_t godominate_bytes(const struct goedges *edges)
{
    uint64_t nodes = edges->heap->scanned, leaves = edges->heap->objects - nodes, leading = 0;

    for (uint64_t i = 0; i < edges->count; i++)
        leading += edges->to[i] < nodes;
    leading = (leading > nodes ? leading - nodes : 0) + nodes / 8;
    return nodes * (5 * sizeof(uint32_t) + sizeof(uint16_t)) + leaves * (sizeof(uint32_t) + sizeof(uint16_t)) + edges->heap->objects / 8 +
           leading * 3 / 2 * sizeof(struct join);
}

static int put(struct join **rows, uint32_t *count, uint32_t *room, struct join row)
{
    if (*count == *room) {
        size_t more = *room ? (size_t)*room + *room / 2 : 1u << 12;
        struct join *moved = more < UINT32_MAX ? realloc(*rows, more * sizeof row) : NULL;
        if (moved == NULL)
            return -1;
        *rows = moved;
        *room = (uint32_t)more;
    }
    (*rows)[(*count)++] = row;
    return 0;
}

static uint32_t meet(struct search *search, uint32_t object, uint32_t parent, uint16_t at)
{
    struct godominators *found = search->found;
    uint32_t node = found->count++;

    found->object[node] = object;
    found->idom[node] = parent;
    found->at[node] = at;
    search->label[node] = object < search->edges->heap->scanned ? search->edges->rows[object] : 0;
    return node;
}

/* An object that cannot point is its first holder's until another one is found. */
static inline void meet_leaf(struct godominators *found, uint32_t object, uint32_t leaf, uint32_t node, uint16_t at)
{
    if (found->leaf[leaf] == GOHEAP_NONE) {
        found->leaf[leaf] = node;
        found->leaf_at[leaf] = at;
    } else if (found->leaf[leaf] != node) {
        set_bit(found->again, object);
    }
}

static inline int meet_again(struct search *search, uint32_t node, uint32_t from)
{
    if (node == from || search->found->idom[node] == from)
        return 0;
    return put(&search->joins, &search->join_count, &search->join_room, (struct join){node, from});
}

/* What edge `at` leads to will be looked up soon. */
static inline void ask_for(const struct search *search, uint32_t at)
{
    const uint32_t scanned = search->edges->heap->scanned, object = search->edges->to[at];

    if (object < scanned) {
        __builtin_prefetch(&search->found->node[object], 1);
        __builtin_prefetch(&search->edges->rows[object]);
    } else {
        __builtin_prefetch(&search->found->leaf[object - scanned], 1);
    }
}

/* Goes along the edges of a node, up to the first that leads to a node nobody met yet, and returns that edge; `end` when there is none. */
static uint32_t follow(struct search *search, uint32_t node, uint32_t at, uint32_t end, int *bad)
{
    struct godominators *found = search->found;
    const struct goedges *edges = search->edges;
    const uint32_t scanned = edges->heap->scanned;

    for (; at < end && !*bad; at++) {
        uint32_t object = edges->to[at];
        if (end - at > AHEAD)
            ask_for(search, at + AHEAD);
        if (object >= scanned)
            meet_leaf(found, object, object - scanned, node, goroots_word(edges->at[at] & GOEDGES_FAR));
        else if (found->node[object] == 0)
            return at;
        else
            *bad = meet_again(search, found->node[object], node);
    }
    return at;
}

/* All that an object leads to and nobody met yet. */
static int descend(struct search *search, uint32_t node)
{
    struct godominators *found = search->found;
    const struct goedges *edges = search->edges;
    const uint32_t top = found->idom[node];
    int bad = 0;

    while (node != top) {
        uint32_t end = edges->rows[found->object[node] + 1], at = follow(search, node, search->label[node], end, &bad), object;
        if (bad)
            return bad;
        if (at >= end) {
            node = found->idom[node];
            continue;
        }
        search->label[node] = at + 1;
        if (goroots_ticks(found->roots, found->count))
            return 1;
        object = edges->to[at];
        node = found->node[object] = meet(search, object, node, goroots_word(edges->at[at] & GOEDGES_FAR));
        end = edges->rows[object + 1];
        for (at = edges->rows[object]; at < end && at < edges->rows[object] + AHEAD; at++)
            ask_for(search, at);
    }
    return 0;
}

static int number_from(struct search *search, uint32_t node, uint32_t object, uint16_t at)
{
    struct godominators *found = search->found;
    const uint32_t scanned = search->edges->heap->scanned;

    if (object >= scanned) {
        meet_leaf(found, object, object - scanned, node, at);
        return 0;
    }
    if (found->node[object])
        return meet_again(search, found->node[object], node);
    found->node[object] = meet(search, object, node, at);
    return descend(search, found->node[object]);
}

/* Nodes in the order in which they are met, each below the one that met it first, and the joins. */
static int number(struct search *search)
{
    struct godominators *found = search->found;
    const struct goroots *roots = found->roots;
    int bad = put(&search->joins, &search->join_count, &search->join_room, (struct join){0, 0});

    found->count = 1; /* 0: above all */
    found->object[0] = GOHEAP_NONE;
    found->idom[0] = 0;
    found->at[0] = GODOMINATE_SHARED;
    for (uint32_t owner = 0; owner < roots->owners && !bad; owner++) {
        uint32_t node = meet(search, GOHEAP_NONE - owner, 0, GODOMINATE_SHARED);
        for (uint32_t i = roots->first[owner]; i < roots->first[owner + 1] && !bad; i++)
            bad = number_from(search, node, roots->rows[3 * (size_t)i], goroots_word(roots->rows[3 * (size_t)i + 2]));
    }
    return bad;
}

/* For every node, the nodes that point to it besides its parent. */
static void list_joins(struct search *search)
{
    memset(search->label, 0, search->found->count * sizeof *search->label);
    for (uint32_t i = 1; i < search->join_count; i++) {
        uint32_t node = search->joins[i].next;
        search->joins[i].next = search->label[node];
        search->label[node] = i;
    }
}

/* The least semidominator between a node and the root of its tree of those behind `last`. The way is shortened: once up, turning it
 * around, and once back, so that it needs no room of its own. */
static uint32_t evaluate(struct search *search, uint32_t node, uint32_t last)
{
    uint32_t *above = search->above, *label = search->label, behind = 0, at = node, next;

    if (node <= last)
        return node;
    while ((next = above[at]) > last) {
        above[at] = behind;
        behind = at;
        at = next;
    }
    while (behind) {
        next = above[behind];
        if (label[at] < label[behind])
            label[behind] = label[at];
        above[behind] = above[at];
        at = behind;
        behind = next;
    }
    return label[node];
}

static int semidominate(struct search *search)
{
    struct godominators *found = search->found;

    memcpy(search->above, found->idom, found->count * sizeof *search->above);
    for (uint32_t node = found->count - 1; node > 0; node--) {
        uint32_t least = found->idom[node];
        for (uint32_t i = search->label[node]; i; i = search->joins[i].next) {
            uint32_t other = evaluate(search, search->joins[i].from, node);
            least = other < least ? other : least;
        }
        search->label[node] = least;
        if (least != found->idom[node] && put(&search->moved, &search->moved_count, &search->moved_room, (struct join){node, least}))
            return -1;
        if (goroots_ticks(found->roots, node))
            return 1;
    }
    free(search->joins);
    search->joins = NULL;
    return 0;
}

/* The first dominator of a node, itself included, whose number is not above another's. */
static uint32_t climb(const struct search *search, uint32_t node, uint32_t to)
{
    while (node > to)
        node = search->label[node] > to ? search->label[node] : search->found->idom[node];
    return node;
}

/* Its dominator is not the one that met it, so by which word it is held is to be found yet. */
static void move(struct search *search, uint32_t node, uint32_t to)
{
    struct godominators *found = search->found;

    found->idom[node] = climb(search, found->idom[node], to);
    found->at[node] = GODOMINATE_SHARED;
    set_bit(found->again, found->object[node]);
}

/* Dominators, from the parents in the search's tree on; each with its depth, and one further up to jump to. */
static int dominate(struct search *search)
{
    uint32_t *idom = search->found->idom, *depth = search->above, *jump = search->label, left = search->moved_count;

    depth[0] = jump[0] = 0;
    for (uint32_t node = 1; node < search->found->count; node++) {
        if (left && search->moved[left - 1].next == node)
            move(search, node, search->moved[--left].from);
        uint32_t up = idom[node], over = jump[up];
        depth[node] = depth[up] + 1;
        jump[node] = depth[up] - depth[over] == depth[over] - depth[jump[over]] ? jump[over] : up;
        if (goroots_ticks(search->found->roots, node))
            return 1;
    }
    free(search->moved);
    search->moved = NULL;
    return 0;
}

static uint32_t common(const struct search *search, uint32_t one, uint32_t other)
{
    const uint32_t *idom = search->found->idom, *depth = search->above, *jump = search->label;

    if (depth[one] < depth[other]) {
        uint32_t swapped = one;
        one = other;
        other = swapped;
    }
    while (depth[one] > depth[other])
        one = depth[jump[one]] >= depth[other] ? jump[one] : idom[one];
    while (one != other) {
        int far = jump[one] != jump[other];
        one = far ? jump[one] : idom[one];
        other = far ? jump[other] : idom[other];
    }
    return one;
}

static void hang_one(const struct search *search, uint32_t node, uint32_t target, uint16_t at)
{
    struct godominators *found = search->found;
    const uint32_t scanned = search->edges->heap->scanned;

    if (target >= scanned) {
        uint32_t *leaf = &found->leaf[target - scanned], was = *leaf;
        uint16_t *leaf_at = &found->leaf_at[target - scanned];
        *leaf = was == GOHEAP_NONE ? node : common(search, was, node);
        if (was == GOHEAP_NONE || (*leaf == node && (was != node || *leaf_at == GODOMINATE_SHARED)))
            *leaf_at = at;
        else if (*leaf != was)
            *leaf_at = GODOMINATE_SHARED;
    } else if (found->idom[found->node[target]] == node && found->at[found->node[target]] == GODOMINATE_SHARED) {
        found->at[found->node[target]] = at;
    }
}

/* What alone keeps each object that cannot point and is pointed to by many, and by which word the dominators hold the nodes that they did not meet. */
static int hang(const struct search *search)
{
    const struct godominators *found = search->found;
    const struct goroots *roots = found->roots;
    const struct goedges *edges = search->edges;
    uint32_t owner = 0, node;

    for (node = 1; node < found->count && owner < roots->owners; node++) {
        if (found->object[node] < edges->heap->scanned)
            continue;
        for (uint32_t i = roots->first[owner]; i < roots->first[owner + 1]; i++)
            if (bit_is_set(found->again, roots->rows[3 * (size_t)i]))
                hang_one(search, node, roots->rows[3 * (size_t)i], goroots_word(roots->rows[3 * (size_t)i + 2]));
        owner++;
    }
    for (uint32_t object = 0; object < edges->heap->scanned; object++) {
        if (goroots_ticks(roots, object))
            return 1;
        for (uint32_t i = edges->rows[object]; i < edges->rows[object + 1]; i++)
            if (bit_is_set(found->again, edges->to[i]) && (node = found->node[object]) != 0)
                hang_one(search, node, edges->to[i], goroots_word(edges->at[i] & GOEDGES_FAR));
    }
    return 0;
}

static int make_room(struct search *search)
{
    struct godominators *found = search->found;
    const struct goheap *heap = search->edges->heap;
    size_t nodes = (size_t)heap->scanned + found->roots->owners + 2, leaves = (size_t)(heap->objects - heap->scanned) + 1;

    found->node = huge_zeroed((size_t)heap->scanned + 1, sizeof *found->node);
    found->object = huge_alloc(nodes, sizeof *found->object);
    found->idom = huge_alloc(nodes, sizeof *found->idom);
    found->at = huge_alloc(nodes, sizeof *found->at);
    found->leaf = huge_alloc(leaves, sizeof *found->leaf);
    found->leaf_at = huge_alloc(leaves, sizeof *found->leaf_at);
    found->again = calloc((size_t)heap->objects / 8 + 1, 1);
    search->label = huge_alloc(nodes, sizeof *search->label);
    if (!found->node || !found->object || !found->idom || !found->at || !found->leaf || !found->leaf_at || !found->again || !search->label)
        return -1;
    memset(found->leaf, 0xff, leaves * sizeof *found->leaf);
    return 0;
}

int godominate(struct godominators *found, const struct goedges *edges, const struct goroots *roots)
{
    struct search search = {.found = found, .edges = edges};
    int bad;

    *found = (struct godominators){.roots = roots};
    bad = make_room(&search);
    if (!bad)
        bad = number(&search);
    if (!bad && (search.above = huge_alloc(found->count, sizeof *search.above)) == NULL)
        bad = -1;
    if (!bad) {
        list_joins(&search);
        bad = semidominate(&search);
    }
    if (!bad)
        bad = dominate(&search);
    if (!bad)
        bad = hang(&search);
    free(search.above);
    free(search.label);
    free(search.joins);
    free(search.moved);
    return bad;
}

void godominate_close(struct godominators *found)
{
    free(found->node);
    free(found->object);
    free(found->idom);
    free(found->at);
    free(found->leaf);
    free(found->leaf_at);
    free(found->again);
}
