#!/usr/bin/env python3
"""A second applier, written from docs/update-format.md alone: it must agree with the golden vectors, so the document does.
Payloads are parsed but not decoded: an op that needs one is malformed here."""
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent
M32 = 0xFFFFFFFF
NONE = -1
SLOTS = 16384


class Malformed(Exception):
    pass


def check(condition):
    if not condition:
        raise Malformed


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        check(self.at + n <= len(self.data))
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def varint(self):
        value = 0
        for shift in range(0, 28, 7):
            byte = self.u8()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Malformed

    def folded(self):
        return unfold(self.varint())

    def colour(self):
        r, g, b = self.take(3)
        return r << 16 | g << 8 | b


def unfold(v):
    return -(v // 2) - 1 if v & 1 else v // 2


class Coder:
    def __init__(self, data):
        self.data, self.at, self.range, self.code = data, 0, M32, 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()

    def next(self):
        self.at += 1
        return self.data[self.at - 1] if self.at <= len(self.data) else 0

    def normalize(self):
        while self.range < 1 << 24:
            self.range = self.range << 8 & M32
            self.code = (self.code << 8 | self.next()) & M32

    def decide(self, counters):
        fast, slow = counters
        bound = (self.range >> 16) * ((fast + slow) >> 1)
        bit = self.code >= bound
        if bit:
            self.code -= bound
            self.range -= bound
            counters[:] = fast - (fast >> 4), slow - (slow >> 7)
        else:
            self.range = bound
            counters[:] = fast + ((65535 - fast) >> 4), slow + ((65535 - slow) >> 7)
        self.normalize()
        return int(bit)

    def even(self):
        self.range >>= 1
        bit = self.code >= self.range
        if bit:
            self.code -= self.range
        self.normalize()
        return int(bit)


def counters(*shape):
    return [counters(*shape[1:]) for _ in range(shape[0])] if shape else [32768, 32768]


class Entry:
    def __init__(self):
        self.a, self.b, self.tag, self.c = NONE, NONE, 0, 0

    def learn(self, tag, pixel):
        if self.tag != tag or self.a == NONE:
            self.a, self.b, self.tag, self.c = pixel, NONE, tag, 0
        elif self.a == pixel:
            self.c = min(15, self.c + 1)
        else:
            self.b, self.a, self.c = self.a, pixel, 0


class Spelling:
    def __init__(self):
        self.length, self.upper = counters(3, 10, 9), counters(3, 9)


def channel(colour, shift):
    return colour >> shift & 255


class Guess:
    def __init__(self):
        self.slot, self.tag, self.trust = SLOTS, 0, 0

    def learn(self, slot, tag):
        if (self.slot, self.tag) == (slot, tag):
            self.trust = min(7, self.trust + 1)
        else:
            self.slot, self.tag, self.trust = slot, tag, 0


class SlotModel:
    def __init__(self):
        self.part, self.hit, self.next, self.tree = counters(2, 4), counters(5, 8), counters(), counters(SLOTS)
        self.pair = [Guess() for _ in range(4096)]
        self.right, self.below = [[Guess() for _ in range(SLOTS)] for _ in range(2)]
        self.fill = 0

    def walk(self, coder, op, width, height):
        """Yields column, row and slot of the cells that take part."""
        slots = {}
        for y in range(height):
            for x in range(width):
                if coder.decide(self.part[op][2 * ((x - 1, y) in slots) + ((x, y - 1) in slots)]):
                    if op:
                        slots[x, y] = self.filled(coder)
                    else:
                        left = slots.get((x - 1, y), SLOTS)
                        further = slots.get((x - 2, y), SLOTS) if left != SLOTS else SLOTS
                        slots[x, y] = self.shown(coder, left, further, slots.get((x, y - 1), SLOTS))
                    yield x, y, slots[x, y]

    def filled(self, coder):
        slot = self.fill
        if not coder.decide(self.next):
            slot = 0
            for _ in range(14):
                slot = 2 * slot + coder.even()
        self.fill = (slot + 1) % SLOTS
        return slot

    def shown(self, coder, left, further, above):
        h = (left * 0x9E3779B1 + further * 0x85EBCA6B) * 0x2C1B3C6D & M32
        pair, tag = self.pair[h >> 20], h >> 12 & 255
        guesses = [(pair.slot, pair.trust) if pair.tag == tag else (SLOTS, 0), (SLOTS, 0), (SLOTS, 0), (SLOTS, 0),
                   (above, 0)]
        if left != SLOTS:
            guesses[1] = self.right[left].slot, self.right[left].trust
            guesses[3] = (left + 1) % SLOTS, 0
        if above != SLOTS:
            guesses[2] = self.below[above].slot, self.below[above].trust
        slot, tried = None, {SLOTS}
        for number, (guess, trust) in enumerate(guesses):
            if guess not in tried and coder.decide(self.hit[number][trust]):
                slot = guess
                break
            tried.add(guess)
        if slot is None:
            node = 1
            while node < SLOTS:
                node = 2 * node + coder.decide(self.tree[node])
            slot = node - SLOTS
        pair.learn(slot, tag)
        if left != SLOTS:
            self.right[left].learn(slot, 0)
        if above != SLOTS:
            self.below[above].learn(slot, 0)
        return slot


class Model:
    def __init__(self):
        self.coder = None
        self.near, self.pair = [Entry() for _ in range(8192)], [Entry() for _ in range(2048)]
        self.near_first, self.near_second = counters(64), counters(16)
        self.pair_first, self.pair_second = counters(32), counters(16)
        self.west, self.north, self.in_table = counters(), counters(), counters(3)
        self.slot, self.table, self.flat, self.f = counters(256), [NONE] * 256, counters(2), 1
        self.p, self.m = Spelling(), Spelling()

    def error(self, length, upper):
        n = 0
        while n < 8 and self.coder.decide(length[n]):
            n += 1
        if n < 2:
            return n
        value = 2 | self.coder.decide(upper[n])
        for _ in range(n - 2):
            value = value << 1 | self.coder.even()
        return value

    def spell(self, s, w, n, nw, ne):
        def predict(shift):
            a, b, c = channel(w, shift), channel(n, shift), channel(nw, shift)
            return min(a, b) if c >= max(a, b) else max(a, b) if c <= min(a, b) else a + b - c

        def far(x, y):
            return abs(channel(x, 8) - channel(y, 8))

        folded = self.error(s.length[0][min(9, (far(w, nw) + far(nw, n) + far(n, ne)).bit_length())], s.upper[0])
        e, size = unfold(folded), folded.bit_length()
        folded = self.error(s.length[1][size], s.upper[1])
        f = unfold(folded)
        g = unfold(self.error(s.length[2][max(size, folded.bit_length())], s.upper[2]))
        return (predict(16) + e + f & 255) << 16 | (predict(8) + e & 255) << 8 | (predict(0) + e + g & 255)

    def rare(self, w, n, nw, ne):
        if self.coder.decide(self.in_table[(w == n) + (n == nw)]):
            node = 1
            for _ in range(8):
                node = 2 * node + self.coder.decide(self.slot[node])
            return max(0, self.table[node - 256])
        colour = self.spell(self.m, w, n, nw, ne)
        self.table[(colour * 0x9E3779B1 & M32) >> 24] = colour
        return colour

    @staticmethod
    def hash(s):
        s &= M32
        return (s ^ s >> 15) * 0x2C1B3C6D & M32

    def far(self, failed, w, n, nw, ne):
        h = self.hash(n * 0x9E3779B1 + w * 0xD3A2646D)
        entry, tag = self.pair[h >> 21], h & 0xFFFF
        guesses = []
        if entry.tag == tag:
            guesses.append((entry.a, self.pair_first[2 * entry.c + (entry.a == w)]))
            guesses.append((entry.b, self.pair_second[entry.c]))
        guesses += [(w, self.west), (n, self.north)]
        tried = set(failed) | {NONE}
        for guess, counter in guesses:
            if guess in tried:
                continue
            tried.add(guess)
            if self.coder.decide(counter):
                entry.learn(tag, guess)
                return guess
        pixel = self.rare(w, n, nw, ne)
        entry.learn(tag, pixel)
        return pixel

    def pixel(self, w, n, nw, ne, ww, nn):
        h = self.hash(n * 0x9E3779B1 + ne * 0x85EBCA77 + nw * 0xC2B2AE3D + nn * 0x27D4EB2F + ww * 0x165667B1 +
                      w * 0xD3A2646D)
        entry, tag, failed = self.near[h >> 19], h & 0xFFFF, []
        if entry.tag == tag and entry.a != NONE:
            if self.coder.decide(self.near_first[4 * entry.c + 2 * (entry.a == w) + (entry.a == n)]):
                entry.c = min(15, entry.c + 1)
                return entry.a
            failed.append(entry.a)
            if entry.b != NONE:
                if self.coder.decide(self.near_second[entry.c]):
                    entry.a, entry.b, entry.c = entry.b, entry.a, 0
                    return entry.a
                failed.append(entry.b)
        pixel = self.far(failed, w, n, nw, ne)
        entry.learn(tag, pixel)
        return pixel


class Canvas:
    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows = [[0] * width for _ in range(height)]
        self.lossy = [[False] * -(-width // 16) for _ in range(-(-height // 16))]

    def known(self, x, y):
        if not (0 <= x < self.width and 0 <= y < self.height) or self.lossy[y // 16][x // 16]:
            return 0
        return self.rows[y][x]

    def cell(self, cx, cy):
        return [row[16 * cx:16 * cx + 16] for row in self.rows[16 * cy:16 * cy + 16]], self.lossy[cy][cx]

    def put_cell(self, cx, cy, cell):
        for j, row in enumerate(cell[0]):
            self.rows[16 * cy + j][16 * cx:16 * cx + 16] = row
        self.lossy[cy][cx] = cell[1]

    def hash(self):
        value = 0xCBF29CE484222325
        for row in self.rows:
            for colour in row:
                for shift in (16, 8, 0):
                    value = (value ^ channel(colour, shift)) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
        return f"{value:016x}"


class Client:
    """What outlives a body."""
    def __init__(self, canvas):
        self.canvas, self.slots, self.model, self.slot_model = canvas, {}, Model(), SlotModel()


class Update:
    def __init__(self, client, body):
        self.client, self.canvas = client, client.canvas
        body = Bytes(body)
        check(body.u8() == 2)
        flags = body.u8()
        check(flags < 16 and flags >> 1 <= 4)
        for _ in range(flags >> 1):
            self.payload(body)
        self.ops = Bytes(body.take(body.varint()))
        self.entropy = body.data[body.at:]
        if flags & 1:
            client.model, client.slot_model = Model(), SlotModel()
        client.model.coder = None
        self.cache, self.new = [0] * 255, 0
        self.left = 4 * self.canvas.width * self.canvas.height
        ops = {1: self.solid, 2: self.copy, 3: self.tile, 4: self.fill, 5: self.show, 6: self.mark}
        while self.ops.at < len(self.ops.data):
            ops.get(self.ops.u8(), self.unknown)()
        if client.model.coder:
            check(len(self.entropy) <= client.model.coder.at <= len(self.entropy) + 4)
        else:
            check(not self.entropy)

    @staticmethod
    def payload(body):
        what, columns, rows, size = body.u8(), body.varint(), body.varint(), body.varint()
        check(what < 32 and what & 3 < 3 and 1 <= columns <= 512 and 1 <= rows <= 512 and size)
        body.take(size)

    def unknown(self):
        raise Malformed

    def area(self, x, y, w, h):
        c = self.canvas
        check(w and h and x + w <= -(-c.width // 16) and y + h <= -(-c.height // 16))
        x, y, right, bottom = 16 * x, 16 * y, min(c.width, 16 * (x + w)), min(c.height, 16 * (y + h))
        self.left -= (right - x) * (bottom - y)
        check(self.left >= 0)
        return x, y, right - x, bottom - y

    def rectangle(self):
        return [self.ops.varint() for _ in range(4)]

    def cells(self, x, y, w, h):
        return [(cx, cy) for cy in range(y, y + h) for cx in range(x, x + w)]

    def set_lossy(self, cells, lossy):
        for cx, cy in cells:
            self.canvas.lossy[cy][cx] = lossy

    def solid(self):
        rectangle = self.rectangle()
        x, y, w, h = self.area(*rectangle)
        colour = self.ops.colour()
        self.set_lossy(self.cells(*rectangle), False)
        for row in self.canvas.rows[y:y + h]:
            row[x:x + w] = [colour] * w

    def copy(self):
        rectangle = self.rectangle()
        x, y, w, h = self.area(*rectangle)
        dx, dy = self.ops.folded(), self.ops.folded()
        check(x + dx >= 0 and y + dy >= 0 and x + dx + w <= self.canvas.width and y + dy + h <= self.canvas.height)
        block = [row[x + dx:x + dx + w] for row in self.canvas.rows[y + dy:y + dy + h]]
        before = [row[:] for row in self.canvas.lossy]
        for cx, cy in self.cells(*rectangle):
            left, top = max(16 * cx, x) + dx, max(16 * cy, y) + dy
            right, bottom = min(16 * cx + 16, x + w) + dx, min(16 * cy + 16, y + h) + dy
            self.canvas.lossy[cy][cx] = any(before[j][i] for j in range(top // 16, (bottom - 1) // 16 + 1)
                                            for i in range(left // 16, (right - 1) // 16 + 1))
        for j, row in enumerate(block):
            self.canvas.rows[y + j][x:x + w] = row

    def slot_op(self, op):
        x, y, w, h = self.rectangle()
        check(w and h and 16 * (x + w) <= self.canvas.width and 16 * (y + h) <= self.canvas.height)
        self.left -= 16 * w * h
        check(self.left >= 0)
        coder = Coder(self.ops.take(self.ops.varint()))
        for column, row, slot in self.client.slot_model.walk(coder, op, w, h):
            self.left -= 256
            check(self.left >= 0)
            yield (x + column, y + row), slot
        check(len(coder.data) <= coder.at <= len(coder.data) + 4)

    def fill(self):
        for cell, slot in self.slot_op(1):
            self.client.slots[slot] = self.canvas.cell(*cell)

    def show(self):
        for cell, slot in self.slot_op(0):
            check(slot in self.client.slots)
            self.canvas.put_cell(*cell, self.client.slots[slot])

    def mark(self):
        rectangle = self.rectangle()
        self.area(*rectangle)
        self.set_lossy(self.cells(*rectangle), True)

    def tile(self):
        x, y, shape = self.ops.varint(), self.ops.varint(), self.ops.u8()
        rectangle = x, y, (shape & 3) + 1, (shape >> 2 & 3) + 1
        area = self.area(*rectangle)
        mode = shape >> 4
        check(mode < 7)
        (self.modelled if mode > 4 else self.runs)(*area, mode)
        self.set_lossy(self.cells(*rectangle), False)

    def runs(self, x, y, w, h, mode):
        bits = (24, 1, 2, 4, 8)[mode]
        palette = self.palette(bits) if mode else None
        values = []
        while len(values) < w * h:
            head = self.ops.u8()
            length = (head & 63) + 1
            if length == 64:
                length += self.ops.varint()
            check(len(values) + length <= w * h)
            kind = head >> 6
            if kind == 0 and mode == 0:
                values += [self.ops.colour() for _ in range(length)]
            elif kind == 0:
                number = int.from_bytes(self.ops.take((length * bits + 7) // 8), "little")
                values += [number >> i * bits & (1 << bits) - 1 for i in range(length)]
            elif kind == 1:
                values += [values[-1] if values else 0] * length
            elif kind == 2:
                for _ in range(length):
                    values.append(values[-w] if len(values) >= w else 0)
            else:
                values += [self.ops.colour() if mode == 0 else self.ops.u8() & (1 << bits) - 1] * length
        for i, value in enumerate(values):
            self.canvas.rows[y + i // w][x + i % w] = palette[value] if palette else value

    def palette(self, bits):
        count = self.ops.u8() + 1
        check(count <= 1 << bits)
        palette = [0] * (1 << bits)
        for i in range(count):
            k = self.ops.u8()
            if k == 255:
                k = self.new
                self.new = (k + 1) % 255
                self.cache[k] = self.ops.colour()
            palette[i] = self.cache[k]
        return palette

    def modelled(self, x0, y0, w, h, mode):
        model, c = self.client.model, self.canvas
        if not model.coder:
            model.coder = Coder(self.entropy)

        def at(x, y):
            return c.rows[y][x] if x0 <= x < x0 + w and y0 <= y < y0 + h else c.known(x, y)

        for y in range(y0, y0 + h):
            x, ask_from = x0, x0
            while x < x0 + w:
                w_, n, nw, ne = at(x - 1, y), at(x, y - 1), at(x - 1, y - 1), at(x + 1, y - 1)
                ww, nn = at(x - 2, y), at(x, y - 2)
                if mode == 6:
                    c.rows[y][x] = model.spell(model.p, w_, n, nw, ne)
                    x += 1
                    continue
                if x >= ask_from and x + 8 <= x0 + w and ww == w_ == nw and all(at(x + i, y - 1) == w_ for i in range(9)):
                    model.f = model.coder.decide(model.flat[model.f])
                    ask_from = x + 8
                    if model.f:
                        c.rows[y][x:x + 8] = [w_] * 8
                        x += 8
                        continue
                c.rows[y][x] = model.pixel(w_, n, nw, ne, ww, nn)
                x += 1
        check(model.coder.at <= len(self.entropy) + 4)


def main():
    failed = count = 0
    for line in (FOLDER / "index.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, width, height, wanted, *files = line.split()
        client = Client(Canvas(int(width), int(height)))
        try:
            for file in files:
                Update(client, (FOLDER / file).read_bytes())
            got = client.canvas.hash()
        except Malformed:
            got = "malformed"
        count += 1
        if got != wanted:
            failed += 1
            print(f"{name}: {got}, not {wanted}")
    print(f"{count} vectors, {failed} differ")
    sys.exit(failed > 0 or count < 10)


main()
