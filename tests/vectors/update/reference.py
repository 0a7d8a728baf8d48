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
        self.data, self.shifted, self.evens, self.range, self.code = data, 0, 0, 65535, 0
        for at in range(16):
            self.code = self.code << 1 | self.bit(at)

    def bit(self, at):
        return self.data[at // 8] >> 7 - at % 8 & 1 if at // 8 < len(self.data) else 0

    def even(self):
        at, self.evens = self.evens, self.evens + 1
        return self.data[-1 - at // 8] >> at % 8 & 1 if at // 8 < len(self.data) else 0

    def size(self):
        return -(-(self.shifted + 2) // 8) + -(-self.evens // 8)

    def normalize(self):
        while self.range < 1 << 15:
            self.range <<= 1
            self.code = self.code << 1 | self.bit(16 + self.shifted)
            self.shifted += 1

    def decide(self, counters):
        fast, slow = counters
        bound = self.range * ((fast + slow) >> 1) >> 16
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

    def symbol(self, set_):
        shares = [self.range * b >> 15 for b in set_.below]
        s = next(i for i in range(16) if shares[i] <= self.code < shares[i + 1])
        self.code -= shares[s]
        self.range = shares[s + 1] - shares[s]
        rate = 3 if set_.count <= 4 else 4 if set_.count <= 12 else 5 if set_.count <= 48 else 6
        set_.count += 1
        for i in range(16):
            set_.below[i] += (16 * i + (32512 if i > s else 0) - set_.below[i]) >> rate
        self.normalize()
        return s

    def evens_of(self, n):
        return sum(self.even() << i for i in range(n))

    def number(self, set_):
        n = self.symbol(set_)
        return n if n < 2 else (1 << n - 1) + self.evens_of(n - 1)


class Set:
    def __init__(self):
        self.below, self.count = [2048 * i for i in range(17)], 0


def counters_from(*firsts):
    return [[first, first] for first in firsts]


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
        self.error = [[Set() for _ in range(10)] for _ in range(3)]


def channel(colour, shift):
    return colour >> shift & 255


def mix(s):
    s &= M32
    return (s ^ s >> 15) * 0x2C1B3C6D & M32


class Around:
    """The pixels around one, each when asked for; at gives the one at a place."""
    PLACES = {"w": (-1, 0), "n": (0, -1), "nw": (-1, -1), "ne": (1, -1), "ww": (-2, 0), "nn": (0, -2),
              "nnw": (-1, -2), "nne": (1, -2), "nww": (-2, -1)}

    def __init__(self, at, x, y):
        for name, (dx, dy) in self.PLACES.items():
            setattr(self, name, at(x + dx, y + dy))


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
            slot = coder.evens_of(14)
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
        self.wide = [Entry() for _ in range(65536)]
        self.near, self.pair = [Entry() for _ in range(8192)], [Entry() for _ in range(2048)]
        self.wide_first = counters_from(*[12000] * 4 + [6000] * 56 + [1000] * 4)
        self.near_first = counters_from(*[20000] * 4 + [6000] * 56 + [1500] * 4)
        self.near_second, self.pair_first = counters_from(*[26000] * 16), counters_from(*[16000] * 32)
        self.pair_second = counters_from(*[36000] * 16)
        self.west, self.north = counters_from(45000, 45000)
        self.in_table, self.flat, self.f = counters_from(*[24000] * 3), counters_from(24000, 3000), 1
        self.long_flat, self.l = counters_from(24000, 3000), 1
        self.spans = {4: {}, 8: {}}
        self.is_span = {count: counters_from(20000, *[6000] * 15) for count in (4, 8)}
        self.table, self.high, self.low = [NONE] * 256, Set(), [Set() for _ in range(16)]
        self.p, self.m = Spelling(), Spelling()
        self.last, self.way, self.x, self.y, self.shape = (0, 0, 0, 0, 0), Set(), Set(), Set(), Set()
        self.mode = [Set() for _ in range(8)]

    def place(self):
        x, y, w, h, mode = self.last
        way = self.coder.symbol(self.way)
        if way == 0:
            x += w
        elif way == 1:
            y += h
        else:
            x += unfold(self.coder.number(self.x))
            if way > 2:
                y += unfold(self.coder.number(self.y))
        shape = self.coder.symbol(self.shape)
        self.last = x, y, (shape & 3) + 1, (shape >> 2) + 1, self.coder.symbol(self.mode[mode & 7])
        return self.last

    def error(self, set_):
        symbol = self.coder.symbol(set_)
        if symbol < 6:
            return symbol
        first = (6, 8, 12, 16, 24, 32, 48, 64, 96, 128)[symbol - 6]
        return first + self.coder.evens_of((1, 2, 2, 3, 3, 4, 4, 5, 5, 7)[symbol - 6])

    def spell(self, s, p, yuv, odd):
        def predict(shift):
            w, n, nw = channel(p.w, shift), channel(p.n, shift), channel(p.nw, shift)
            return max(min(w, n), min(max(w, n), w + n - nw))

        def rough(shift):
            w, n, nw, ne = (channel(c, shift) for c in (p.w, p.n, p.nw, p.ne))
            return min(255, abs(w - nw) + abs(nw - n) + abs(n - ne)).bit_length()

        def where(shift, size):
            return size if not yuv else 9 if odd else rough(shift)

        folded = self.error(s.error[0][rough(8)])
        e, size = unfold(folded), folded.bit_length()
        green = predict(8) + e & 255
        if yuv:
            e = 0
        folded = self.error(s.error[1][where(16, size)])
        red = predict(16) + e + unfold(folded) & 255
        folded = self.error(s.error[2][where(0, max(size, folded.bit_length()))])
        return red << 16 | green << 8 | predict(0) + e + unfold(folded) & 255

    def rare(self, p, yuv, odd):
        if self.coder.decide(self.in_table[(p.w == p.n) + (p.n == p.nw)]):
            high = self.coder.symbol(self.high)
            return max(0, self.table[16 * high + self.coder.symbol(self.low[high])])
        colour = self.spell(self.m, p, yuv, odd)
        self.table[(colour * 0x9E3779B1 & M32) >> 24] = colour
        return colour

    def far(self, failed, p, yuv, odd):
        h = mix(p.n * 0x9E3779B1 + p.w * 0xD3A2646D)
        entry, tag = self.pair[h >> 21], h & 0xFFFF
        guesses = []
        if entry.tag == tag:
            guesses.append((entry.a, self.pair_first[2 * entry.c + (entry.a == p.w)]))
            guesses.append((entry.b, self.pair_second[entry.c]))
        guesses += [(p.w, self.west), (p.n, self.north)]
        tried = set(failed) | {NONE}
        for guess, counter in guesses:
            if guess in tried:
                continue
            tried.add(guess)
            if self.coder.decide(counter):
                entry.learn(tag, guess)
                return guess
        pixel = self.rare(p, yuv, odd)
        entry.learn(tag, pixel)
        return pixel

    def pixel(self, p, yuv, odd):
        s = (p.n * 0x9E3779B1 + p.ne * 0x85EBCA77 + p.nw * 0xC2B2AE3D + p.nn * 0x27D4EB2F + p.ww * 0x165667B1 +
             p.w * 0xD3A2646D)
        h, g = mix(s), mix(s + p.nnw * 0x7FEB352D + p.nne * 0x846CA68B + p.nww * 0x68E31DA5)
        near, tag, wide = self.near[h >> 19], h & 0xFFFF, self.wide[g >> 16]
        fits, guess = near.tag == tag and near.a != NONE, NONE
        if wide.tag == g & 0xFFFF and wide.a != NONE:
            guess = wide.a
            alike = near.tag == tag and near.a == guess
            if self.coder.decide(self.wide_first[4 * wide.c + 2 * alike + (guess == p.w)]):
                wide.c = min(15, wide.c + 1)
                near.learn(tag, guess)
                return guess
        pixel = self.narrow(near, tag, fits, guess, p, yuv, odd)
        wide.a, wide.tag, wide.c = pixel, g & 0xFFFF, 0
        return pixel

    def narrow(self, near, tag, fits, guess, p, yuv, odd):
        if fits and near.a != guess:
            if self.coder.decide(self.near_first[4 * near.c + 2 * (near.a == p.w) + (near.a == p.n)]):
                near.learn(tag, near.a)
                return near.a
        if fits and near.b != NONE and self.coder.decide(self.near_second[near.c]):
            near.a, near.b, near.c = near.b, near.a, 0
            return near.a
        pixel = self.far([near.a, near.b] if fits else [], p, yuv, odd)
        near.learn(tag, pixel)
        return pixel


class Canvas:
    def __init__(self, width, height, yuv):
        self.width, self.height, self.yuv = width, height, yuv
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
        ops = {1: self.solid, 2: self.copy, 3: self.tiles, 4: self.fill, 5: self.show, 6: self.mark}
        while self.ops.at < len(self.ops.data):
            ops.get(self.ops.u8(), self.unknown)()
        if client.model.coder:
            check(client.model.coder.size() == len(self.entropy))
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
        check(coder.size() == len(coder.data))

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

    def tiles(self):
        count, model = self.ops.u8(), self.client.model
        check(count)
        for _ in range(count):
            if not model.coder:
                model.coder = Coder(self.entropy)
            x, y, w, h, mode = model.place()
            check(x >= 0 and y >= 0)
            area = self.area(x, y, w, h)
            check(mode < 7)
            (self.modelled if mode > 4 else self.runs)(*area, mode)
            self.set_lossy(self.cells(x, y, w, h), False)

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

    N = {4: [0xC2B2AE3D, 0x85EBCA77, 0x9E3779B1, 0x27D4EB2F, 0xB5297A4D, 0xD8163841, 0x94D049BB],
         8: [0xC2B2AE3D, 0x85EBCA77, 0x9E3779B1, 0x27D4EB2F, 0x2C1B3C6D, 0x7FEB352D, 0x846CA68B, 0x68E31DA5,
             0xB5297A4D, 0xD8163841, 0x94D049BB]}
    NN = [0x1B56C4E9, 0x3C6EF373, 0xDAA66D2B, 0x8DA6B343, 0xCB1AB31F, 0x63A1F2A5, 0xA0761D65, 0xE7037ED1]

    def span(self, at, x0, x, y, count):
        model, row = self.client.model, self.canvas.rows[y]
        if count == 1:
            row[x] = model.pixel(Around(at, x, y), self.canvas.yuv, (x - x0) % 2)
            return
        h = mix(at(x - 1, y) * 0xD3A2646D + at(x - 2, y) * 0x165667B1 +
                sum(at(x - 2 + i, y - 1) * k for i, k in enumerate(self.N[count])) +
                sum(at(x + i, y - 2) * k for i, k in enumerate(self.NN[:count])))
        spans, tag = model.spans[count], h & 0xFFFFFF
        entry = spans.get(h >> 19)
        if entry and entry[1] == tag and model.coder.decide(model.is_span[count][entry[2]]):
            row[x:x + count] = entry[0]
            entry[2] = min(15, entry[2] + 1)
            return
        for i in range(x, x + count, count // 2 if count == 8 else 1):
            self.span(at, x0, i, y, 4 if count == 8 else 1)
        spans[h >> 19] = [row[x:x + count], tag, 0]

    def modelled(self, x0, y0, w, h, mode):
        model, c = self.client.model, self.canvas

        def at(x, y):
            return c.rows[y][x] if x0 <= x < x0 + w and y0 <= y < y0 + h else c.known(x, y)

        for y in range(y0, y0 + h):
            x, asked = x0, x0
            while x < x0 + w:
                left = x0 + w - x
                p = Around(at, x, y)
                if mode == 6:
                    c.rows[y][x] = model.spell(model.p, p, c.yuv, (x - x0) % 2)
                    x += 1
                    continue
                flat = 0
                if left >= 8 and p.ww == p.w == p.nw and all(at(x + i, y - 1) == p.w for i in range(9)):
                    if x >= asked:
                        n = next(n for n in range(left // 8 * 8, 0, -8)
                                 if all(at(x + i, y - 1) == p.w for i in range(n + 1)))
                        asked = x + n
                        if n > 8:
                            model.l = model.coder.decide(model.long_flat[model.l])
                            flat = n * model.l
                    if not flat:
                        model.f = model.coder.decide(model.flat[model.f])
                        flat = 8 * model.f
                if flat:
                    c.rows[y][x:x + flat] = [p.w] * flat
                    x += flat
                else:
                    count = 8 if left >= 8 else 4 if left >= 4 else 1
                    self.span(at, x0, x, y, count)
                    x += count
        check(model.coder.size() <= len(self.entropy))


def main():
    failed = count = 0
    for line in (FOLDER / "index.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, width, height, colour, wanted, *files = line.split()
        client = Client(Canvas(int(width), int(height), colour != "0"))
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
