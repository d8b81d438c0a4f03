#include "godominate.h"

#include <stdlib.h>
#include <string.h>

/* What the search needs besides its results, by node. */
struct search {
    struct godominators *found;
    const struct goedges *edges;
    const uint32_t *roots;
    size_t root_count;
    uint32_t *first_root; /* by owner: where its roots begin; they are sorted by owner */
    uint32_t *owner_node;
    uint32_t *parent, *semi, *label;
};

struct stack {
    uint32_t *node, *edge;
    size_t count, room;
};

static int push(struct stack *stack, uint32_t node, uint32_t edge)
{
    if (stack->count == stack->room) {
        size_t room = stack->room ? stack->room * 2 : 1u << 12;
        uint32_t *nodes = realloc(stack->node, room * sizeof *nodes), *cursors;
        if (nodes == NULL)
            return -1;
        stack->node = nodes;
        cursors = realloc(stack->edge, room * sizeof *cursors);
        if (cursors == NULL)
            return -1;
        stack->edge = cursors;
        stack->room = room;
    }
    stack->node[stack->count] = node;
    stack->edge[stack->count++] = edge;
    return 0;
}

/* The edges out of a node: rows of `step` uint32 from *from up to *to, the target first. */
static const uint32_t *out_of(const struct search *search, uint32_t node, uint32_t *from, uint32_t *to, int *step)
{
    uint32_t object = search->found->object[node];

    if (object < search->edges->heap->scanned) {
        *from = search->edges->rows[object];
        *to = search->edges->rows[object + 1];
        *step = 1;
        return search->edges->to;
    }
    *from = search->first_root[GOHEAP_NONE - object];
    *to = search->first_root[GOHEAP_NONE - object + 1];
    *step = 3;
    return search->roots;
}

static uint32_t meet(struct search *search, uint32_t object, uint32_t parent)
{
    uint32_t node = search->found->count++;

    search->found->object[node] = object;
    search->parent[node] = parent;
    if (object < search->edges->heap->scanned)
        search->found->node[object] = node;
    return node;
}

static int descend(struct search *search, struct stack *stack)
{
    const struct goheap *heap = search->edges->heap;

    while (stack->count) {
        uint32_t node = stack->node[stack->count - 1], from, to, target;
        int step;
        const uint32_t *rows = out_of(search, node, &from, &to, &step);
        uint32_t at = from + stack->edge[stack->count - 1];

        while (at < to && (rows[(size_t)at * step] >= heap->scanned || search->found->node[rows[(size_t)at * step]]))
            at++;
        if (at >= to) {
            stack->count--;
            continue;
        }
        target = rows[(size_t)at * step];
        stack->edge[stack->count - 1] = at + 1 - from;
        if (push(stack, meet(search, target, node), 0))
            return -1;
    }
    return 0;
}

static int number(struct search *search)
{
    struct stack stack = {0};
    int bad = 0;

    search->found->count = 1; /* 0: above all */
    search->found->object[0] = GOHEAP_NONE;
    for (uint32_t owner = 0; owner < search->found->owners && !bad; owner++) {
        uint32_t node = meet(search, GOHEAP_NONE - owner, 0);
        search->owner_node[owner] = node;
        bad = push(&stack, node, 0) || descend(search, &stack);
    }
    free(stack.node);
    free(stack.edge);
    return bad;
}

/* For every node, the nodes that point to it. Owners hang below node 0, which no row says. */
static int turn_around(struct search *search)
{
    struct godominators *found = search->found;
    const uint32_t scanned = search->edges->heap->scanned;
    uint32_t from, to, node, *fill;
    int step;

    found->into_rows = calloc((size_t)found->count + 2, sizeof *found->into_rows);
    if (found->into_rows == NULL)
        return -1;
    for (node = 1; node < found->count; node++) {
        const uint32_t *rows = out_of(search, node, &from, &to, &step);
        for (; from < to; from++)
            if (rows[(size_t)from * step] < scanned)
                found->into_rows[found->node[rows[(size_t)from * step]] + 2]++;
    }
    for (node = 1; node < found->count; node++)
        found->into_rows[node + 1] += found->into_rows[node];
    fill = found->into_rows + 1; /* moves each row's end to where it belongs while filling */
    found->into = malloc(((size_t)found->into_rows[found->count] + found->into_rows[found->count + 1] + 1) * sizeof *found->into);
    if (found->into == NULL)
        return -1;
    for (node = 1; node < found->count; node++) {
        const uint32_t *rows = out_of(search, node, &from, &to, &step);
        for (; from < to; from++)
            if (rows[(size_t)from * step] < scanned)
                found->into[fill[found->node[rows[(size_t)from * step]]]++] = node;
    }
    return 0;
}

/* The node with the least semidominator between a node and the root of its tree of those above `last`; paths are shortened. */
static uint32_t evaluate(struct search *search, uint32_t node, uint32_t last, struct stack *path)
{
    uint32_t *parent = search->parent, *label = search->label;

    if (node <= last)
        return label[node];
    path->count = 0;
    for (uint32_t at = node; parent[at] > last; at = parent[at])
        if (push(path, at, 0))
            return GOHEAP_NONE;
    while (path->count) {
        uint32_t at = path->node[--path->count], above = parent[at];
        if (search->semi[label[above]] < search->semi[label[at]])
            label[at] = label[above];
        parent[at] = parent[above];
    }
    return label[node];
}

static int semidominate(struct search *search)
{
    struct godominators *found = search->found;
    struct stack path = {0};
    uint32_t node;

    for (node = 0; node < found->count; node++) {
        search->semi[node] = search->label[node] = node;
        found->idom[node] = search->parent[node];
    }
    for (node = found->count - 1; node > 0; node--) {
        if (found->object[node] >= search->edges->heap->scanned) {
            search->semi[node] = 0; /* an owner */
            continue;
        }
        for (uint32_t i = found->into_rows[node]; i < found->into_rows[node + 1]; i++) {
            uint32_t least = evaluate(search, found->into[i], node, &path);
            if (least == GOHEAP_NONE)
                return -1;
            if (search->semi[least] < search->semi[node])
                search->semi[node] = search->semi[least];
        }
    }
    free(path.node);
    free(path.edge);
    for (node = 1; node < found->count; node++)
        while (found->idom[node] > search->semi[node])
            found->idom[node] = found->idom[found->idom[node]];
    return 0;
}

static uint32_t common(const uint32_t *idom, uint32_t one, uint32_t other)
{
    while (one != other)
        if (one > other)
            one = idom[one];
        else
            other = idom[other];
    return one;
}

/* What alone keeps each object that cannot point, and by which word each node's dominator holds it. */
static void hang(struct search *search)
{
    struct godominators *found = search->found;
    const struct goedges *edges = search->edges;
    const uint32_t scanned = edges->heap->scanned;
    uint32_t from, to, target;
    int step;

    for (uint32_t node = 1; node < found->count; node++) {
        const uint32_t *rows = out_of(search, node, &from, &to, &step);
        for (; from < to; from++) {
            uint32_t word = step == 1 ? edges->at[from] & GOEDGES_FAR : rows[3 * (size_t)from + 2];
            uint16_t at = word < GODOMINATE_SHARED ? (uint16_t)word : (uint16_t)GOEDGES_FAR;
            target = rows[(size_t)from * step];
            if (target >= scanned) {
                uint32_t *leaf = &found->leaf[target - scanned], was = *leaf;
                uint16_t *leaf_at = &found->leaf_at[target - scanned];
                *leaf = was == GOHEAP_NONE ? node : common(found->idom, was, node);
                if (was == GOHEAP_NONE || (*leaf == node && (was != node || *leaf_at == GODOMINATE_SHARED)))
                    *leaf_at = at;
                else if (*leaf != was)
                    *leaf_at = GODOMINATE_SHARED;
            } else if (found->idom[found->node[target]] == node && found->at[found->node[target]] == GODOMINATE_SHARED) {
                found->at[found->node[target]] = at;
            }
        }
    }
}

static int make_room(struct search *search, uint32_t owners)
{
    struct godominators *found = search->found;
    const struct goheap *heap = search->edges->heap;
    size_t nodes = (size_t)heap->scanned + owners + 2, leaves = (size_t)(heap->objects - heap->scanned) + 1;

    found->node = calloc((size_t)heap->scanned + 1, sizeof *found->node);
    found->object = malloc(nodes * sizeof *found->object);
    found->idom = malloc(nodes * sizeof *found->idom);
    found->at = malloc(nodes * sizeof *found->at);
    found->leaf = malloc(leaves * sizeof *found->leaf);
    found->leaf_at = malloc(leaves * sizeof *found->leaf_at);
    search->parent = calloc(nodes, sizeof *search->parent);
    search->semi = malloc(nodes * sizeof *search->semi);
    search->label = malloc(nodes * sizeof *search->label);
    search->owner_node = calloc((size_t)owners + 1, sizeof *search->owner_node);
    search->first_root = calloc((size_t)owners + 2, sizeof *search->first_root);
    if (!found->node || !found->object || !found->idom || !found->at || !found->leaf || !found->leaf_at || !search->parent ||
        !search->semi || !search->label || !search->owner_node || !search->first_root)
        return -1;
    memset(found->leaf, 0xff, leaves * sizeof *found->leaf);
    for (size_t i = 0; i < nodes; i++)
        found->at[i] = GODOMINATE_SHARED;
    for (size_t i = 0; i < search->root_count; i++)
        search->first_root[search->roots[3 * i + 1] + 1]++;
    for (uint32_t owner = 0; owner < owners; owner++)
        search->first_root[owner + 1] += search->first_root[owner];
    return 0;
}

int godominate(struct godominators *found, const struct goedges *edges, const uint32_t *roots, size_t count, uint32_t owners)
{
    struct search search = {.found = found, .edges = edges, .roots = roots, .root_count = count};
    int bad;

    *found = (struct godominators){.owners = owners};
    bad = make_room(&search, owners) || number(&search) || turn_around(&search) || semidominate(&search) ? -1 : 0;
    if (!bad)
        hang(&search);
    free(search.parent);
    free(search.semi);
    free(search.label);
    free(search.owner_node);
    free(search.first_root);
    return bad;
}

void godominate_close(struct godominators *found)
{
    free(found->into_rows);
    free(found->into);
    free(found->node);
    free(found->object);
    free(found->idom);
    free(found->at);
    free(found->leaf);
    free(found->leaf_at);
}
