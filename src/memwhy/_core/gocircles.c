#include "gocircles.h"

#include "huge.h"

#include <stdlib.h>

#define DONE UINT32_MAX

struct numbers {
    uint32_t *rows;
    size_t count, room;
};

/* One search through what the roots do not reach: Tarjan's strongly connected components, without recursion. */
struct search {
    const struct goedges *edges;
    const uint32_t *pairs;
    size_t pair_count;
    const uint8_t *held;   /* a bit an object */
    uint32_t *order, *low; /* by object: when it was met (DONE: its component is known), and the earliest it leads to (then: its component) */
    struct numbers way, edge, open;
    uint32_t met, components;
};

static int push(struct numbers *numbers, uint32_t one)
{
    if (numbers->count == numbers->room) {
        size_t room = numbers->room ? numbers->room * 2 : 1u << 10;
        uint32_t *rows = realloc(numbers->rows, room * sizeof *rows);
        if (rows == NULL)
            return -1;
        numbers->rows = rows;
        numbers->room = room;
    }
    numbers->rows[numbers->count++] = one;
    return 0;
}

static int is_held(const uint8_t *held, uint32_t object)
{
    return held[object / 8] >> object % 8 & 1;
}

static int hold(const struct goedges *edges, const uint32_t *roots, size_t count, uint8_t *held)
{
    struct numbers work = {0};
    int bad = 0;

    for (size_t i = 0; !bad && i < count; i++) {
        if (is_held(held, roots[i]))
            continue;
        held[roots[i] / 8] |= (uint8_t)(1u << roots[i] % 8);
        bad = push(&work, roots[i]);
        while (!bad && work.count) {
            uint32_t object = work.rows[--work.count];
            if (object >= edges->heap->scanned)
                continue;
            for (uint32_t at = edges->rows[object]; !bad && at < edges->rows[object + 1]; at++) {
                uint32_t to = edges->to[at];
                if (is_held(held, to))
                    continue;
                held[to / 8] |= (uint8_t)(1u << to % 8);
                bad = to < edges->heap->scanned ? push(&work, to) : 0;
            }
        }
    }
    free(work.rows);
    return bad;
}

/* The first pair of an object, or of the next one that has any. */
static size_t first_pair(const struct search *search, uint32_t object)
{
    size_t low = 0, high = search->pair_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (search->pairs[2 * middle] < object)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Where an object's edge number `i` leads, its functions behind its own; 0 when there is none. GOHEAP_NONE: to nothing. */
static int edge_of(const struct search *search, uint32_t object, uint32_t i, uint32_t *to)
{
    uint32_t count = 0;
    size_t pair;

    if (object < search->edges->heap->scanned) {
        count = search->edges->rows[object + 1] - search->edges->rows[object];
        if (i < count) {
            *to = search->edges->to[search->edges->rows[object] + i];
            return 1;
        }
    }
    pair = first_pair(search, object) + (i - count);
    if (pair >= search->pair_count || search->pairs[2 * pair] != object)
        return 0;
    *to = search->pairs[2 * pair + 1];
    return 1;
}

static int meet(struct search *search, uint32_t object)
{
    search->order[object] = search->low[object] = ++search->met;
    return push(&search->way, object) || push(&search->edge, 0) || push(&search->open, object) ? -1 : 0;
}

/* Leaves an object whose edges have all been followed; closes its component when it is the first of it. */
static void leave(struct search *search, uint32_t object)
{
    uint32_t low = search->low[object];

    search->way.count--;
    search->edge.count--;
    if (low == search->order[object]) {
        uint32_t one;
        search->components++;
        do {
            one = search->open.rows[--search->open.count];
            search->order[one] = DONE;
            search->low[one] = search->components;
        } while (one != object);
    } else {
        uint32_t above = search->way.rows[search->way.count - 1];
        if (low < search->low[above])
            search->low[above] = low;
    }
}

static int descend(struct search *search, uint32_t from)
{
    if (search->order[from])
        return 0;
    if (meet(search, from))
        return -1;
    while (search->way.count) {
        uint32_t object = search->way.rows[search->way.count - 1], to;
        if (!edge_of(search, object, search->edge.rows[search->edge.count - 1], &to)) {
            leave(search, object);
            continue;
        }
        search->edge.rows[search->edge.count - 1]++;
        if (to == GOHEAP_NONE || is_held(search->held, to))
            continue;
        if (search->order[to] == 0) {
            if (meet(search, to))
                return -1;
        } else if (search->order[to] < search->low[object]) {
            search->low[object] = search->order[to];
        }
    }
    return 0;
}

/* Does it lead back to itself by its own pointers? The component of an object that is in a circle has other members, or it points to itself. */
static int is_in_circle(const struct search *search, uint32_t object)
{
    uint32_t to;

    for (uint32_t i = 0; edge_of(search, object, i, &to); i++)
        if (to != GOHEAP_NONE && !is_held(search->held, to) && search->low[to] == search->low[object])
            return 1;
    return 0;
}

static int judge(struct search *search, uint8_t *answers)
{
    int bad = 0;

    for (size_t i = 0; !bad && i < search->pair_count; i++)
        if (!is_held(search->held, search->pairs[2 * i]))
            bad = descend(search, search->pairs[2 * i]);
    for (size_t i = 0; !bad && i < search->pair_count; i++) {
        uint32_t object = search->pairs[2 * i], function = search->pairs[2 * i + 1];
        if (is_held(search->held, object))
            answers[i] = GOCIRCLES_HELD;
        else if (function != GOHEAP_NONE && !is_held(search->held, function) && search->low[function] == search->low[object])
            answers[i] = GOCIRCLES_FUNCTION;
        else
            answers[i] = is_in_circle(search, object) ? GOCIRCLES_CIRCLE : GOCIRCLES_FREE;
    }
    return bad;
}

int gocircles(const struct goedges *edges, const uint32_t *roots, size_t root_count, const uint32_t *pairs, size_t pair_count,
              uint8_t *answers)
{
    uint8_t *held = calloc((size_t)edges->heap->objects / 8 + 1, 1);
    struct search search = {.edges = edges, .pairs = pairs, .pair_count = pair_count, .held = held};
    int bad = held ? hold(edges, roots, root_count, held) : -1;

    search.order = huge_zeroed((size_t)edges->heap->objects + 1, sizeof *search.order);
    search.low = huge_zeroed((size_t)edges->heap->objects + 1, sizeof *search.low);
    if (!bad)
        bad = search.order && search.low ? judge(&search, answers) : -1;
    free(held);
    free(search.order);
    free(search.low);
    free(search.way.rows);
    free(search.edge.rows);
    free(search.open.rows);
    return bad;
}

/* Every edge to an object that is marked. */
static void cut_marked(struct goedges *edges, const uint8_t *marked)
{
    for (uint32_t from = 0; from < edges->heap->scanned; from++)
        for (uint32_t at = edges->rows[from]; at < edges->rows[from + 1]; at++)
            if (is_held(marked, edges->to[at]))
                edges->to[at] = from;
}

int gocircles_cut(struct goedges *edges, const uint32_t *pairs, size_t pair_count)
{
    uint8_t *marked = calloc((size_t)edges->heap->objects / 8 + 1, 1);
    int any = 0;

    if (marked == NULL)
        return -1;
    for (size_t i = 0; i < pair_count; i++, pairs += 2) {
        if (pairs[0] == GOHEAP_NONE) {
            if (pairs[1] != GOHEAP_NONE)
                marked[pairs[1] / 8] |= (uint8_t)(1u << pairs[1] % 8);
            any = 1;
            continue;
        }
        for (uint32_t at = edges->rows[pairs[0]]; at < edges->rows[pairs[0] + 1]; at++)
            if (pairs[1] == GOHEAP_NONE || edges->to[at] == pairs[1])
                edges->to[at] = pairs[0];
    }
    if (any)
        cut_marked(edges, marked);
    free(marked);
    return 0;
}
