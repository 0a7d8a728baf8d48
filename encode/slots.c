#include "encode/slots.h"

#include <errno.h>
#include <string.h>

#include "encode/content.h"
#include "encode/slot_table.h"

#define FILL_MIN 8    /* fewer cells are not worth an op of their own */
#define CUT_BYTES 150 /* that must be saved for each piece more that a tile is cut into */
#define GAP 1         /* rows without any cell that an op may span */

struct slot_record {
    uint32_t version[UPDATE_SLOTS];
};

int slot_set_init(struct slot_set *self, struct slot_table *table)
{
    *self = (struct slot_set){.version = calloc(UPDATE_SLOTS, sizeof(uint32_t)),
                              .filled_at = calloc(UPDATE_SLOTS, sizeof(uint32_t))};
    if (!self->version || !self->filled_at) {
        slot_set_finish(self);
        return -ENOMEM;
    }
    self->table = slot_table_ref(table);
    return 0;
}

void slot_set_finish(struct slot_set *self)
{
    slot_table_unref(self->table);
    free(self->version);
    free(self->filled_at);
    free(self->found);
    free(self->lossy);
    free(self->unfilled);
    *self = (struct slot_set){.table = NULL};
}

void slot_set_clear(struct slot_set *self)
{
    memset(self->version, 0, UPDATE_SLOTS * sizeof self->version[0]);
}

void slot_set_copy(struct slot_set *self, const struct slot_set *other)
{
    memcpy(self->version, other->version, UPDATE_SLOTS * sizeof self->version[0]);
    memcpy(self->filled_at, other->filled_at, UPDATE_SLOTS * sizeof self->filled_at[0]);
}

void slot_set_intersect(struct slot_set *self, const struct slot_set *other)
{
    for (int i = 0; i < UPDATE_SLOTS; i++)
        if (self->version[i] != other->version[i])
            self->version[i] = 0;
}

int slot_set_record(const struct slot_set *self, uint32_t update, struct slot_record **ret)
{
    struct slot_record *record = malloc(sizeof *record);
    if (!record)
        return -ENOMEM;
    for (int i = 0; i < UPDATE_SLOTS; i++)
        record->version[i] = (int32_t)(self->filled_at[i] - update) <= 0 ? self->version[i] : 0;
    *ret = record;
    return 0;
}

struct slot_record *slot_record_destroy(struct slot_record *self)
{
    free(self);
    return NULL;
}

void slot_set_restore(struct slot_set *self, const struct slot_record *record)
{
    memcpy(self->version, record->version, sizeof record->version);
    memset(self->filled_at, 0, UPDATE_SLOTS * sizeof self->filled_at[0]);
}

static int make_room(struct slot_set *self, size_t cells)
{
    if (cells <= self->room)
        return 0;
    free(self->found);
    free(self->lossy);
    free(self->unfilled);
    self->found = malloc(cells * sizeof self->found[0]);
    self->lossy = calloc(cells, sizeof self->lossy[0]);
    self->unfilled = calloc(cells, sizeof self->unfilled[0]);
    self->room = self->found && self->lossy && self->unfilled ? cells : 0;
    return self->room ? 0 : -ENOMEM;
}

static bool is_whole(const struct view *view, int cx, int cy)
{
    return view_cell_width(view, cx) == CELL_SIZE && view_cell_height(view, cy) == CELL_SIZE;
}

/* The slot that has the content here and at all viewers, or -1. With the lock held. */
static int find_common(const struct slot_set *self, uint64_t hash)
{
    int slot = slot_table_find(self->table, hash);
    return slot >= 0 && self->version[slot] == self->table->version[slot] ? slot : -1;
}

static const uint8_t *cell_pixels(const struct picture *picture, int cx, int cy)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    return plane->data + (size_t)cy * CELL_SIZE * plane->stride + 4 * CELL_SIZE * (size_t)cx;
}

static bool is_of_one_colour(const struct picture *picture, int cx, int cy)
{
    const struct frame_plane *plane = &picture->frame->planes[0];
    const uint8_t *pixels = cell_pixels(picture, cx, cy);
    uint32_t first, pixel, differ = 0;
    memcpy(&first, pixels, sizeof first);
    for (int y = 0; y < CELL_SIZE; y++, pixels += plane->stride) {
        for (size_t x = 0; x < CELL_SIZE; x++) {
            memcpy(&pixel, pixels + 4 * x, sizeof pixel);
            differ |= pixel ^ first;
        }
        if (differ & 0x00FFFFFF)
            return false;
    }
    return true;
}

/* Into how many rectangles the cells of a tile fall: runs of rows that are alike. */
static unsigned count_rects(uint16_t cells)
{
    unsigned n = 0;
    while (cells) {
        uint16_t run = (uint16_t)(cells & -cells);
        unsigned first = (unsigned)__builtin_ctz(cells);
        for (unsigned x = first + 1; x % TILE_CELLS && cells >> x & 1; x++)
            run |= (uint16_t)(1u << x);
        for (; run && (cells & run) == run; run = (uint16_t)(run << TILE_CELLS))
            cells &= (uint16_t)~run;
        n++;
    }
    return n;
}

/* What coding these cells of a tile would take, about. */
static unsigned exact_bytes(const struct picture *picture, int tx, int ty, uint16_t cells)
{
    unsigned sum = 0;
    for (; cells; cells &= (uint16_t)(cells - 1)) {
        int at = __builtin_ctz(cells);
        struct content content = content_of(cell_pixels(picture, tx + at % TILE_CELLS, ty + at / TILE_CELLS),
                                            picture->frame->planes[0].stride);
        sum += content_exact_bytes(&content);
    }
    return sum;
}

/* Cells of one colour cost next to nothing within a tile that is coded all the same, and cells in its midst cut it into
 * pieces that know less of each other: where that outweighs what is saved, nothing of the tile is shown. */
static void leave_to_tile(struct slot_set *self, const struct plan *plan, const struct view *view,
                          const struct picture *picture, int tx, int ty)
{
    uint16_t wanted = 0, found = 0, drawn = 0;
    int columns = MIN(TILE_CELLS, view->cells_x - tx), rows = MIN(TILE_CELLS, view->cells_y - ty);
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < columns; x++) {
            size_t i = view_cell(view, tx + x, ty + y);
            wanted |= (uint16_t)(plan->wanted[i] << (y * TILE_CELLS + x));
            found |= (uint16_t)((self->found[i] >= 0) << (y * TILE_CELLS + x));
        }
    if (found == wanted || !found)
        return;
    for (uint16_t left = found; left; left &= (uint16_t)(left - 1)) {
        int at = __builtin_ctz(left);
        if (!is_of_one_colour(picture, tx + at % TILE_CELLS, ty + at / TILE_CELLS))
            drawn |= (uint16_t)(1u << at);
    }
    unsigned before = count_rects(wanted), after = count_rects(wanted & (uint16_t)~drawn);
    if (after > before && (after - before) * CUT_BYTES > exact_bytes(picture, tx, ty, drawn))
        drawn = 0;
    for (uint16_t left = found & (uint16_t)~drawn; left; left &= (uint16_t)(left - 1)) {
        int at = __builtin_ctz(left);
        self->found[view_cell(view, tx + at % TILE_CELLS, ty + at / TILE_CELLS)] = -1;
    }
}

int slot_set_look(struct slot_set *self, const struct plan *plan, const struct view *view,
                  const struct picture *picture)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y, i = 0;
    int r = make_room(self, cells);
    if (r < 0)
        return r;
    memset(self->found, -1, cells * sizeof self->found[0]);
    if (plan->n_wanted == 0)
        return 0;
    pthread_mutex_lock(&self->table->lock);
    for (int cy = 0; cy < view->cells_y; cy++)
        for (int cx = 0; cx < view->cells_x; cx++, i++) {
            if (!plan->wanted[i] || !is_whole(view, cx, cy))
                continue;
            int slot = self->found[i] = find_common(self, picture->hash[i]);
            if (slot < 0)
                continue;
            self->lossy[i] = self->table->lossy[slot];
            slot_table_note_show(self->table, (unsigned)slot);
        }
    pthread_mutex_unlock(&self->table->lock);
    for (int ty = 0; ty < view->cells_y; ty += TILE_CELLS)
        for (int tx = 0; tx < view->cells_x; tx += TILE_CELLS)
            leave_to_tile(self, plan, view, picture, tx, ty);
    return 0;
}

/* The columns of a row, from first to last, in which a cell is marked; how many are. */
static unsigned row_extent(const int32_t *marks, int columns, int *first, int *last)
{
    unsigned n = 0;
    for (int x = 0; x < columns; x++)
        if (marks[x] >= 0) {
            *first = MIN(*first, x);
            *last = MAX(*last, x);
            n++;
        }
    return n;
}

/* Rows that follow one another closely go into one rectangle. A row that alone has too many cells is cut. */
static bool next_block(const int32_t *marks, const struct view *view, unsigned most, uint32_t *at,
                       struct cell_rect *ret)
{
    int first = view->cells_x, last = -1, top = -1, bottom = -1;
    unsigned total = 0;
    for (int y = (int)*at; y < view->cells_y && (top < 0 || y - bottom <= GAP + 1); y++) {
        const int32_t *row = marks + view_cell(view, 0, y);
        int f = first, l = last;
        unsigned n = row_extent(row, view->cells_x, &f, &l);
        if (n == 0)
            continue;
        if (total > 0 && total + n > most)
            break;
        while (n > MAX(most, 1u))
            n -= row[l--] >= 0;
        first = f;
        last = l;
        total += n;
        top = top < 0 ? y : top;
        bottom = y;
    }
    *at = top < 0 ? (uint32_t)view->cells_y : (uint32_t)top;
    *ret = (struct cell_rect){.x = first, .y = top, .w = last - first + 1, .h = bottom - top + 1};
    return top >= 0;
}

bool slot_set_next(const struct slot_set *self, const struct view *view, unsigned most, uint32_t *at,
                   struct cell_rect *ret)
{
    return next_block(self->found, view, most, at, ret);
}

bool slot_set_take_run(struct slot_set *self, const struct view *view, struct cell_rect rect, struct cell_rect *ret,
                       bool *ret_lossy)
{
    for (int y = rect.y; y < rect.y + rect.h; y++)
        for (int x = rect.x; x < rect.x + rect.w; x++) {
            int32_t *found = self->found + view_cell(view, x, y);
            const uint8_t *lossy = self->lossy + view_cell(view, x, y);
            if (*found < 0)
                continue;
            int w = 0;
            for (; x + w < rect.x + rect.w && found[w] >= 0 && lossy[w] == lossy[0]; w++)
                found[w] = -1;
            *ret = (struct cell_rect){.x = x, .y = y, .w = w, .h = 1};
            *ret_lossy = lossy[0];
            return true;
        }
    return false;
}

/* How many cells that were coded still stand there and are in no slot. */
static unsigned count_unfilled(struct slot_set *self, const struct view *view, const uint8_t *coded)
{
    unsigned n = 0;
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    for (size_t i = 0; i < cells; i++) {
        if (coded[i])
            self->unfilled[i] = view->hash[i];
        if (self->unfilled[i] != view->hash[i])
            self->unfilled[i] = 0;
        n += self->unfilled[i] != 0;
    }
    return n;
}

/* The slot that this content is to be put into, or -1: it stands in one already, or is not worth one. Content that
 * another cohort has filled goes where it is already. With the lock held. */
static int choose_slot(struct slot_set *self, uint64_t hash, bool lossy)
{
    struct slot_table *table = self->table;
    int slot = slot_table_find(table, hash);
    bool as_good = slot >= 0 && (lossy || !table->lossy[slot]);
    if (as_good && (self->version[slot] == table->version[slot] || table->lossy[slot] != lossy))
        return -1;
    if (as_good)
        return slot;
    return lossy && !slot_table_keeps_lossy(table, hash) ? -1 : (int)slot_table_fill(table, hash, lossy);
}

/* A slot for each of them, of at most `most`. */
static unsigned choose_slots(struct slot_set *self, const struct view *view, uint32_t update, unsigned most)
{
    unsigned n = 0;
    size_t i = 0;
    for (int cy = 0; cy < view->cells_y; cy++)
        for (int cx = 0; cx < view->cells_x; cx++, i++) {
            uint64_t hash = self->unfilled[i];
            int slot = -1;
            if (hash && is_whole(view, cx, cy) && n < most)
                slot = choose_slot(self, hash, !view->exact[i]);
            if (slot < 0)
                continue;
            self->found[i] = slot;
            self->version[slot] = self->table->version[slot];
            self->filled_at[slot] = update;
            n++;
        }
    return n;
}

void slot_set_fill(struct slot_set *self, const struct view *view, const uint8_t *coded, uint32_t update, size_t room,
                   struct update_writer *writer)
{
    size_t cells = (size_t)view->cells_x * (size_t)view->cells_y;
    if (make_room(self, cells) < 0 || count_unfilled(self, view, coded) < FILL_MIN)
        return;
    memset(self->found, -1, cells * sizeof self->found[0]);
    unsigned most = (unsigned)MIN(room / UPDATE_SLOT_OP_MAX(1), (size_t)UPDATE_SLOTS / 2);
    pthread_mutex_lock(&self->table->lock);
    unsigned n = choose_slots(self, view, update, most);
    pthread_mutex_unlock(&self->table->lock);
    memset(self->unfilled, 0, cells * sizeof self->unfilled[0]);
    uint32_t at = 0;
    struct cell_rect rect;
    while (n > 0 && next_block(self->found, view, UPDATE_SLOTS, &at, &rect)) {
        update_write_fill(writer, rect, self->found + view_cell(view, rect.x, rect.y), (size_t)view->cells_x);
        for (int y = rect.y; y < rect.y + rect.h; y++)
            memset(self->found + view_cell(view, rect.x, y), -1, (size_t)rect.w * sizeof self->found[0]);
    }
}
