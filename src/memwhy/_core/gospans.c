#include "gospans.h"

#include <stdlib.h>
#include <string.h>

#define BATCH 4096u
#define MOST_BYTES 512u

struct window {
    uint64_t start, size; /* of the part of the struct that is read */
};

static int window_of(const struct gospans_form *form, struct window *window)
{
    uint64_t end = 0;

    window->start = UINT64_MAX;
    for (int i = 0; i < GOSPANS_FIELDS; i++) {
        uint64_t offset = form->fields[i].offset, size = form->fields[i].size;
        if (size == 0)
            continue;
        if (size > 8 || offset > MOST_BYTES)
            return -2;
        if (offset < window->start)
            window->start = offset;
        if (offset + size > end)
            end = offset + size;
    }
    window->size = end > window->start ? end - window->start : 0;
    return window->size ? 0 : -2;
}

static uint64_t field(const struct gospans_form *form, const struct window *window, const uint8_t *raw, enum gospans_field which)
{
    uint64_t value = 0;

    if (form->fields[which].size)
        memcpy(&value, raw + (form->fields[which].offset - window->start), (size_t)form->fields[which].size);
    return value;
}

/* Where it says which words are pointers: runtime/mbitmap.go, heapBitsInSpan; spanClass is twice the size class, plus 1 for no pointers. */
static enum goheap_kind kind_of(const struct gospans_form *form, uint64_t span_class, uint64_t element, uint64_t user_arena)
{
    if (span_class & 1)
        return GOHEAP_NOSCAN;
    if (user_arena)
        return GOHEAP_CONSERVATIVE;
    if (form->inline_most == 0)
        return GOHEAP_ARENA;
    if (span_class < 2)
        return GOHEAP_LARGE;
    return element <= form->inline_most ? GOHEAP_INLINE : GOHEAP_HEADER;
}

static int row_of(const struct gospans_form *form, const struct window *window, const uint8_t *raw, uint64_t *row)
{
    uint64_t start = field(form, window, raw, GOSPANS_START), pages = field(form, window, raw, GOSPANS_PAGES);
    uint64_t count = field(form, window, raw, GOSPANS_COUNT), element = field(form, window, raw, GOSPANS_ELEMENT);
    uint64_t most = (uint64_t)GOHEAP_ARENAS << GOHEAP_ARENA_SHIFT;

    if (field(form, window, raw, GOSPANS_STATE) != form->in_use || start < GOHEAP_PAGE || start % GOHEAP_PAGE || start >= most ||
        pages == 0 || pages > (most - start) / GOHEAP_PAGE || element < 8 || count == 0 || count > UINT32_MAX ||
        count > pages * GOHEAP_PAGE / element)
        return 0;
    row[0] = start;
    row[1] = start + pages * GOHEAP_PAGE;
    row[2] = element;
    row[3] = count;
    row[4] = kind_of(form, field(form, window, raw, GOSPANS_CLASS), element, field(form, window, raw, GOSPANS_ARENA));
    row[5] = field(form, window, raw, GOSPANS_TYPE);
    row[6] = (field(form, window, raw, GOSPANS_FREE) & UINT16_MAX) | (field(form, window, raw, GOSPANS_TAKEN) & UINT16_MAX) << 16 |
             field(form, window, raw, GOSPANS_SWEPT) << 32;
    row[7] = field(form, window, raw, GOSPANS_BITS);
    return 1;
}

static int by_start(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

    return (a > b) - (a < b);
}

static size_t without_overlaps(uint64_t *rows, size_t count)
{
    uint64_t reached = 0;
    size_t kept = 0;

    for (size_t i = 0; i < count; i++) {
        const uint64_t *row = rows + i * GOHEAP_ROW;
        if (row[0] < reached)
            continue;
        reached = row[1];
        memmove(rows + kept++ * GOHEAP_ROW, row, GOHEAP_ROW * sizeof *rows);
    }
    return kept;
}

int gospans_read(const struct memory *memory, const uint64_t *pointers, size_t count, const struct gospans_form *form,
                 uint64_t **rows, size_t *found)
{
    struct window window;
    uint64_t *addresses = malloc(BATCH * sizeof *addresses);
    uint8_t *raw;
    int bad = window_of(form, &window);

    *found = 0;
    *rows = malloc((count + 1) * GOHEAP_ROW * sizeof **rows);
    raw = bad ? NULL : malloc(BATCH * (size_t)window.size);
    if (!bad && (addresses == NULL || *rows == NULL || raw == NULL))
        bad = -1;
    for (size_t done = 0, batch; !bad && done < count; done += batch) {
        batch = count - done < BATCH ? count - done : BATCH;
        for (size_t i = 0; i < batch; i++)
            addresses[i] = pointers[done + i] + window.start;
        memory_gather(memory, addresses, batch, (size_t)window.size, raw);
        for (size_t i = 0; i < batch; i++)
            *found += (size_t)row_of(form, &window, raw + i * window.size, *rows + *found * GOHEAP_ROW);
    }
    free(addresses);
    free(raw);
    if (bad) {
        free(*rows);
        *rows = NULL;
        return bad;
    }
    qsort(*rows, *found, GOHEAP_ROW * sizeof **rows, by_start);
    *found = without_overlaps(*rows, *found);
    return 0;
}
