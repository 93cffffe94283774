"""A crowd before a tile server: honest readers who scrub, and others who try to take the server from them.

    python crowd.py PORT DATASET SECONDS honest|dishonest|KIND READERS SEED

(KIND: a method of `Attacker`; the dishonest are of all kinds) prints what they saw as one JSON object. Every reader has a loopback address of its own, so that whatever is bounded or shared out by
address is so here; every random number comes from the seed.
"""

import asyncio
import collections
import contextlib
import itertools
import json
import random
import sys
import urllib.parse

#: Seconds between two movements of an honest reader.
PACE = 0.5
#: Seconds after which a connection that nobody used is not used again.
IDLE = 2
#: What an honest request may take before it counts as failed.
PATIENCE = 60


def quoted(text):
    return urllib.parse.quote(text, safe="")


class Closed(Exception):
    """The server closed the connection."""


class Gone(Exception):
    """The version is not there any more."""


class Connection:
    """HTTP/1.1 on one connection from one address, opened again where it was closed between two requests."""

    def __init__(self, port, address, chunk=1 << 16):
        self.port, self.address, self.chunk = port, address, chunk
        self.reader = self.writer = None
        self.used = 0.0

    async def ready(self):
        """Opens it where it is not open, or where it lay idle so long that the server may just be closing it.

        Returns whether it was open."""
        now = asyncio.get_running_loop().time()
        used_again = self.writer is not None
        if self.writer is None or self.reader.at_eof() or now - self.used > IDLE:
            self.close()
            await self.open()
            used_again = False
        self.used = now
        return used_again

    async def open(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(self.address, 0), limit=self.chunk)

    def close(self):
        if self.writer:
            self.writer.transport.abort()
        self.reader = self.writer = None

    def send(self, path, codings="gzip"):
        self.writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {codings}\r\n\r\n".encode())

    async def answer(self):
        """Status, headers and body of the next answer."""
        try:
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
            first, *lines = head.rstrip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
            body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Closed from error
        self.used = asyncio.get_running_loop().time()
        if headers.get("connection") == "close":
            self.close()
        return int(first.split()[1]), headers, body

    async def get(self, path, **options):
        used_again = await self.ready()
        try:
            self.send(path, **options)
            return await self.answer()
        except Closed:
            # A connection may be closed just when it is used again: then, as browsers do, once more on a new one.
            if not used_again:
                raise
            self.close()
            await self.ready()
            self.send(path, **options)
            return await self.answer()

    async def json(self, path):
        status, _, body = await self.get(path, codings="identity")
        if status == 404:
            raise Gone(body)
        assert status == 200, (status, body)
        return json.loads(body)


class Shelf:
    """What there is to ask for: the addresses of a data set's current version."""

    def __init__(self, version, metadata):
        self.base = f"{version}/layers/{metadata['layers'][0]['id']}"
        self.layer = metadata["layers"][0]["name"]
        self.neurons = metadata["layers"][0]["neurons"]
        self.rows_all = metadata["rows"]
        self.groups = [group["name"] for group in metadata["groups"]]
        self.instances = [instance["name"] for instance in metadata["instances"]]
        self.items = [f"{kind}({name})" for kind in ("median", "mean") for name in self.groups] + [f"value({name})" for name in self.instances]
        self.top = 0
        while (self.neurons - 1 >> self.top) >= 256:
            self.top += 1

    @staticmethod
    async def read(connection, dataset):
        version = (await connection.json(f"/api/v1/datasets/{dataset}"))["url"]
        return Shelf(version, await connection.json(version))

    def tile(self, group, level, index, order, more=""):
        return f"{self.base}/tiles/{group}/{level}/{index}?order={quoted(order)}{more}"

    def rows(self, level, index, order, instances):
        return f"{self.base}/rows/{level}/{index}?order={quoted(order)}&instances={','.join(map(str, instances))}"

    def tiles_at(self, level):
        return (self.neurons - 1 >> level) // 256 + 1


class Reader:
    """An honest reader: looks at some classes in an ordering, scrubs, looks closer, and turns to another ordering now and then."""

    def __init__(self, number, port, dataset, seed):
        self.random = random.Random(f"{seed} honest {number}")
        self.connections = [Connection(port, f"127.0.1.{number + 1}") for _ in range(2)]
        self.dataset = dataset
        self.seconds = []
        self.kinds = collections.defaultdict(list)
        self.statuses = collections.Counter()
        self.failures = []
        self.renewals = 0

    def choose(self, shelf):
        """Half of the orderings are those that everybody looks at."""
        items = shelf.items[:6] if self.random.random() < 0.5 else shelf.items
        self.order = self.random.choice(items) if self.random.random() < 0.7 else f"difference({','.join(self.random.sample(items, 2))})"
        self.groups = self.random.sample(range(len(shelf.groups)), 2)
        self.level = self.random.randrange(min(5, shelf.top + 1)) if self.random.random() < 0.8 else shelf.top
        self.index = self.random.randrange(shelf.tiles_at(self.level))

    def movement(self, shelf):
        """What is asked for at a movement, at once."""
        chance = self.random.random()
        if chance < 0.03:
            self.choose(shelf)
            return [f"{shelf.base}/summary", *(shelf.tile(group, shelf.top, 0, self.order) for group in self.groups)]
        if chance < 0.15:
            neuron = self.random.randrange(shelf.neurons)
            return [f"{shelf.base}/find?order={quoted(self.order)}&neuron={neuron}", f"{shelf.base}/neurons/{neuron}?groups={self.groups[0]}&instances="]
        self.index = min(max(0, self.index + self.random.choice([-1, 1, 1, 2])), shelf.tiles_at(self.level) - 1)
        instances = range(min(2, len(shelf.instances)))
        return [shelf.rows(self.level, self.index, self.order, instances), *(shelf.tile(g, self.level, self.index, self.order) for g in self.groups)]

    async def ask(self, connection, path):
        """Asks once; where the server closed a connection that lay idle, on a new one."""
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            async with asyncio.timeout(PATIENCE):
                status, headers, body = await connection.get(path)
        except (Closed, TimeoutError, OSError) as error:
            connection.close()
            self.failures.append(f"{path}: {error!r}")
            return True
        self.seconds.append(loop.time() - start)
        self.kinds[self.kind or path.split("/layers/")[1].split("/")[1].split("?")[0]].append(loop.time() - start)
        self.statuses[status] += 1
        gone = status == 404 and json.loads(body)["type"].endswith("/gone")
        if status != 200 and not gone:
            self.failures.append(f"{path}: {status} {body[:200]!r}")
        return not gone

    async def renew(self):
        """Finds out what there is, as a page does whose version is gone."""
        self.renewals += 1
        for attempt in itertools.count(1):
            try:
                shelf = await Shelf.read(self.connections[0], self.dataset)
                break
            except Gone:
                # It was replaced between the two questions.
                if attempt == 5:
                    raise
        self.choose(shelf)
        # Of a new version nothing is at hand yet.
        self.kind = "first of a version"
        return shelf

    async def run(self, end):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.random.random() * PACE)
        shelf = await self.renew()
        while loop.time() < end:
            next_movement = loop.time() + PACE * self.random.uniform(0.6, 1.4)
            paths = self.movement(shelf)
            there = await asyncio.gather(*(self.ask_all(c, paths[i::2]) for i, c in enumerate(self.connections)))
            self.kind = None
            if not all(there):
                shelf = await self.renew()
            await asyncio.sleep(max(0, next_movement - loop.time()))
        for connection in self.connections:
            connection.close()

    async def ask_all(self, connection, paths):
        return all([await self.ask(connection, path) for path in paths])


class Attacker:
    """Somebody who asks for as much as there is to have. Each kind is a method; each has an address of its own."""

    #: Connections of each that ask at the same time.
    AT_ONCE = 12

    def __init__(self, number, port, dataset, seed, kind):
        kinds = [
            self.permuted_summaries, self.unseen_differences, self.permuted_neurons, self.permuted_rows, self.unseen_windows,
            self.slow_readers, self.dripped_requests, self.many_connections, self.malformed_requests, self.asks_and_leaves,
            self.random_expressions, self.hostile_expressions, self.brushes, self.orders_of_the_moment,
        ]  # fmt: skip
        self.kind = kinds[number % len(kinds)] if kind == "dishonest" else getattr(self, kind)
        self.random = random.Random(f"{seed} dishonest {number}")
        self.port, self.dataset, self.address = port, dataset, f"127.0.2.{number + 1}"
        self.statuses = collections.Counter()

    def connection(self, **options):
        return Connection(self.port, self.address, **options)

    async def run(self, end):
        loop = asyncio.get_running_loop()
        while loop.time() < end:
            connection = self.connection()
            try:
                self.shelf = await Shelf.read(connection, self.dataset)
            except (Closed, Gone, OSError, AssertionError):
                await asyncio.sleep(0.2)
                continue
            finally:
                connection.close()
            # Until the version is gone, or for a while.
            await self.kind(min(end, loop.time() + 20))

    async def at_once(self, end, path, pace=0.0):
        """Asks for `path()` again and again on many connections."""

        async def one():
            loop = asyncio.get_running_loop()
            connection = self.connection()
            while loop.time() < end:
                try:
                    async with asyncio.timeout(PATIENCE):
                        status, _, _ = await connection.get(path())
                    self.statuses[status] += 1
                    if status == 404:
                        break
                    # Not even the dishonest have more than a machine.
                    await asyncio.sleep(pace if status == 200 else 0.05)
                except (Closed, OSError, TimeoutError):
                    self.statuses["closed"] += 1
                    connection.close()
                    await asyncio.sleep(0.1)
            connection.close()

        await asyncio.gather(*(one() for _ in range(self.AT_ONCE)))

    def some(self, names, count):
        """So many indices, each maybe several times, in any order."""
        return ",".join(str(self.random.randrange(len(names))) for _ in range(count)) if names else ""

    async def permuted_summaries(self, end):
        await self.at_once(end, lambda: f"{self.shelf.base}/summary?groups={self.some(self.shelf.groups, 64)}", pace=0.1)

    async def unseen_differences(self, end):
        pairs = list(itertools.permutations(self.shelf.items, 2))
        self.random.shuffle(pairs)
        rounds = itertools.product(("ascending", "descending"), pairs)

        def path():
            direction, (a, b) = next(rounds, ("ascending", pairs[0]))
            return self.shelf.tile(self.random.randrange(len(self.shelf.groups)), self.shelf.top, 0, f"difference({a},{b})", f"&direction={direction}")

        await self.at_once(end, path)

    async def permuted_neurons(self, end):
        await self.at_once(
            end, lambda: f"{self.shelf.base}/neurons/{self.random.randrange(self.shelf.neurons)}?groups={self.some(self.shelf.groups, 64)}"
            f"&instances={self.some(self.shelf.instances, 64)}", pace=0.05)  # fmt: skip

    async def permuted_rows(self, end):
        def path():
            several = [self.random.randrange(len(self.shelf.instances)) for _ in range(64)] if self.shelf.instances else []
            return self.shelf.rows(self.shelf.top, 0, self.random.choice(self.shelf.items), several)

        await self.at_once(end, path, pace=0.05)

    async def unseen_windows(self, end):
        def path():
            zoom = self.random.randint(1, 6)
            window = f"&zoom={zoom}&from={self.random.randint(0, (256 << zoom) - 256)}"
            return self.shelf.tile(self.random.randrange(len(self.shelf.groups)), self.shelf.top, 0, self.random.choice(self.shelf.items), window)

        await self.at_once(end, path)

    def expression(self, depth=3):
        """A condition that nobody else asks for."""
        if depth == 0 or self.random.random() < 0.3:
            sign = self.random.choice(("<", "<=", ">", ">=", "==", "!="))
            if self.random.random() < 0.3:
                return f'value("{self.shelf.layer}", {self.random.randrange(self.shelf.neurons)}) {self.random.choice(("<", ">="))} {self.random.random()!r}'
            if self.random.random() < 0.3:
                return f"label in [{self.random.randrange(12)}, {self.random.randrange(12)}]"
            return f"row {sign} {self.random.randrange(self.shelf.rows_all)}"
        if self.random.random() < 0.2:
            return f"not ({self.expression(depth - 1)})"
        return f"({self.expression(depth - 1)}) {self.random.choice(('and', 'or'))} ({self.expression(depth - 1)})"

    def anywhere(self, text):
        """An address in which the expression has a part."""
        order = self.random.choice((f"median(where:({text}))", f"difference(mean(where:({text})),mean(all))", f"percentile(row {self.random.randrange(self.shelf.rows_all)},where:({text}))"))
        return self.random.choice((
            self.shelf.tile(0, self.random.choice((0, self.shelf.top)), 0, "index", f"&where={quoted(text)}"),
            self.shelf.tile(0, 0, 0, order), f"{self.shelf.base}/summary?groups=0&where={quoted(text)}", f"{self.shelf.base}/neurons/0?groups=0&where={quoted(text)}",
            f"{self.shelf.base}/find?order={quoted(order)}&neuron=0&sample=64", f"{self.shelf.base.split('/layers/')[0]}/rows?where={quoted(text)}",
        ))  # fmt: skip

    async def random_expressions(self, end):
        await self.at_once(end, lambda: self.anywhere(self.expression()))

    async def hostile_expressions(self, end):
        kinds = (
            lambda n: "(" * n + "row < 5" + ")" * n, lambda n: "not " * n + "row < 5", lambda n: " or ".join(["row == 1"] * n), lambda n: f"row in [{','.join(map(str, range(n * 4)))}]",
            lambda n: '"' * n, lambda n: "label == " + '"a' * n + '"', lambda n: "row < 1e" + "9" * n, lambda n: f"value(fc, {'9' * n}) < 1", lambda n: "(" * n, lambda n: "label == '" + "\\" * n,
        )  # fmt: skip
        await self.at_once(end, lambda: self.anywhere(self.random.choice(kinds)(self.random.choice((1, 90, 101, 300, 1000, 1001)))), pace=0.02)

    async def brushes(self, end):
        """Drags the ends of a brush over a neuron's histogram; every position is a group of its own, which all views show."""
        low, neuron = 0.0, self.random.randrange(self.shelf.neurons)

        def path():
            nonlocal low, neuron
            low += 1 / 64
            if low > 2:
                low, neuron = 0.0, self.random.randrange(self.shelf.neurons)
            value = f'value("{self.shelf.layer}", {neuron})'
            text = f"{value} >= {low!r} and {value} < {low + 0.25!r}"
            return self.shelf.tile(0, 0, self.random.randrange(min(8, self.shelf.tiles_at(0))), "index", f"&where={quoted(text)}")

        await self.at_once(end, path, pace=0.02)

    async def orders_of_the_moment(self, end):
        """What takes longest: orders of the whole layer by groups that nobody has asked for, each of which looks at every value."""
        forms = ("mean(where:({0}))", "deviation(where:({0}))", *(f"{kind}(where:({{0}}),where:(not ({{0}})))" for kind in ("auroc", "wasserstein", "kolmogorov_smirnov")))
        await self.at_once(end, lambda: self.shelf.tile(0, self.random.choice((0, self.shelf.top)), 0, self.random.choice(forms).format(self.expression())))

    async def held(self, count, end, use):
        """Keeps many connections, each in the hands of `use`, and opens those anew that the server closes."""

        async def one():
            loop = asyncio.get_running_loop()
            while loop.time() < end:
                connection = self.connection(chunk=1024)
                try:
                    await connection.open()
                    await use(connection)
                except (Closed, OSError):
                    self.statuses["closed"] += 1
                finally:
                    connection.close()
                await asyncio.sleep(0.5)

        await asyncio.gather(*(one() for _ in range(count)))

    async def slow_readers(self, end):
        loop = asyncio.get_running_loop()

        async def use(connection):
            connection.writer.transport.pause_reading()
            for index in range(64):
                connection.send(self.shelf.tile(0, 0, index % self.shelf.tiles_at(0), self.random.choice(self.shelf.items)))
                self.statuses["asked"] += 1
            while loop.time() < end and not connection.writer.is_closing():
                await asyncio.sleep(0.2)
                connection.send("/healthz")
                if connection.writer.transport.get_write_buffer_size() > 1 << 20:
                    return

        await self.held(30, end, use)

    async def dripped_requests(self, end):
        loop = asyncio.get_running_loop()

        async def use(connection):
            body = self.random.random() < 0.5
            head = f"GET {self.shelf.base}/summary HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" if body else "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
            connection.writer.write(head.encode())
            self.statuses["begun"] += 1
            while loop.time() < end:
                connection.writer.write(b"a")
                await connection.writer.drain()
                await asyncio.sleep(0.2)
                if connection.reader.at_eof():
                    raise Closed

        await self.held(30, end, use)

    async def many_connections(self, end):
        loop = asyncio.get_running_loop()

        async def use(connection):
            connection.send("/healthz")
            while loop.time() < end:
                try:
                    async with asyncio.timeout(1):
                        status, _, _ = await connection.answer()
                        self.statuses[status] += 1
                        if connection.writer is None:
                            raise Closed
                except TimeoutError:
                    continue

        await self.held(300, end, use)

    #: No HTTP, or none that is meant for this server.
    MALFORMED = (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", b"GET /%zz%00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /api/v1/datasets HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\nzz\r\n", b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Y: z\r\n" * 200 + b"\r\n", b"GET /api/v1/datasets?a=1&a=2 HTTP/1.1\r\nHost: x\r\n\r\n",
    )  # fmt: skip

    async def malformed_requests(self, end):
        async def use(connection):
            connection.writer.write(self.random.choice(self.MALFORMED))
            try:
                async with asyncio.timeout(1):
                    self.statuses[(await connection.answer())[0]] += 1
            except (TimeoutError, asyncio.LimitOverrunError):
                self.statuses["silent"] += 1

        await self.held(8, end, use)

    async def asks_and_leaves(self, end):
        pairs = itertools.cycle(itertools.permutations(self.shelf.items, 2))

        async def use(connection):
            for a, b in itertools.islice(pairs, 4):
                connection.send(self.shelf.tile(0, self.shelf.top, 0, f"difference({b},{a})", "&direction=descending"))
            await connection.writer.drain()
            await asyncio.sleep(self.random.random() * 0.05)
            self.statuses["left"] += 1

        await self.held(self.AT_ONCE, end, use)


async def crowd(port, dataset, seconds, kind, count, seed):
    end = asyncio.get_running_loop().time() + seconds
    if kind == "honest":
        readers = [Reader(number, port, dataset, seed) for number in range(count)]
        await asyncio.gather(*(reader.run(end) for reader in readers))
        return {
            "statuses": dict(sum((reader.statuses for reader in readers), collections.Counter())),
            "seconds": sorted(one for reader in readers for one in reader.seconds),
            "kinds": {kind: sorted(one for reader in readers for one in reader.kinds[kind]) for kind in sorted({k for r in readers for k in r.kinds})},
            "requests": [len(reader.seconds) for reader in readers],
            "failures": [one for reader in readers for one in reader.failures],
            "renewals": sum(reader.renewals for reader in readers),
        }
    attackers = [Attacker(number, port, dataset, seed, kind) for number in range(count)]
    with contextlib.suppress(TimeoutError):
        # What they still wait for then, nobody waits for.
        async with asyncio.timeout(seconds + 1):
            await asyncio.gather(*(attacker.run(end) for attacker in attackers))
    names = {attacker.kind.__name__ for attacker in attackers}
    return {name: dict(sum((one.statuses for one in attackers if one.kind.__name__ == name), collections.Counter())) for name in sorted(names)}


if __name__ == "__main__":
    port, dataset, seconds, kind, count, seed = sys.argv[1:]
    print(json.dumps(asyncio.run(crowd(int(port), dataset, float(seconds), kind, int(count), seed))))
