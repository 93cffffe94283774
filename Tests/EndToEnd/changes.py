"""Every change that a run makes to files: counted and harmed by a shim (changes.c), and, from its log, what a crash of the machine may leave.

A run that was killed leaves what it has done so far. A machine that loses its power leaves less: of what no fsync covered, bytes and names
are there or not, each by itself. `Disk` knows both from the log of one undisturbed run.
"""

import os
import pathlib
import random
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).parent
_shim = None


def shim(folder, log=None, at=None, harm=None, order=None):
    """The environment in which changes below `folder` are counted, logged and harmed."""
    global _shim
    if _shim is None:
        _shim = pathlib.Path(tempfile.mkdtemp(prefix="divergence-changes-")) / "changes.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", _shim, HERE / "changes.c", "-ldl"], check=True)
    settings = {"folder": folder, "log": log, "at": at, "harm": harm, "order": order}
    return {"LD_PRELOAD": str(_shim), **{f"CHANGES_{k.upper()}": str(v) for k, v in settings.items() if v is not None}}


class Change:
    """A line of the log: its kind, inode, path, the other path (of a rename) or target (of a link), offset or length, bytes."""

    def __init__(self, kind, inode=0, path="", other="", offset=0, data=b""):
        self.kind, self.inode, self.path, self.other, self.offset, self.data = kind, inode, path, other, offset, data


def read_log(path):
    text = path.read_bytes()
    changes, place = [], 0

    def line():
        nonlocal place
        end = text.index(b"\n", place)
        found, place = text[place:end].decode(), end + 1
        return found

    while place < len(text):
        kind, *rest = line().split(" ", 1)
        rest = rest[0] if rest else ""
        if kind == "write":
            inode, offset, length = map(int, rest.split())
            changes.append(Change(kind, inode, offset=offset, data=text[place:place + length]))
            place += length
        elif kind == "open":
            inode, truncates, name = rest.split(" ", 2)
            changes.append(Change(kind, int(inode), name, offset=int(truncates)))
        elif kind == "truncate":
            inode, length = map(int, rest.split())
            changes.append(Change(kind, inode, offset=length))
        elif kind in ("rename", "symlink"):
            changes.append(Change(kind, path=rest, other=line()))
        elif kind == "mkdir":
            inode, name = rest.split(" ", 1)
            changes.append(Change(kind, int(inode), name))
        elif kind in ("fsync", "fdatasync", "syncfs"):
            changes.append(Change(kind, int(rest)))
        elif kind in ("unlink", "failed", "hint"):
            changes.append(Change(kind, path=rest))
        else:
            raise AssertionError(f"a line of the log cannot be read: {kind} {rest}")
    return changes


class Node:
    """A file, folder or link by itself, whatever it is called: what is lasting, and what is not yet."""

    def __init__(self, kind, content=None):
        self.kind = kind
        self.lasting = content if content is not None else {} if kind == "folder" else b""
        self.waiting = []  # of a file: (offset, bytes) or (length, None); of a folder: numbers of changes to names

    def bytes(self, chosen):
        content = bytearray(self.lasting)
        for offset, data in (w for w in self.waiting if chosen(w)):
            if data is None:
                del content[offset:]
                content.extend(bytes(offset - len(content)))
            else:
                content.extend(bytes(max(0, offset - len(content))))
                content[offset:offset + len(data)] = data
        return bytes(content)


class Disk:
    """A folder as the system shows it and as the disk may hold it, change by change."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.inodes = {}
        self.root = self._take(self.folder)
        self.now = {}  # what the system shows: (folder, name) -> node
        self._show(self.root)
        self.names = []  # changes to names that no fsync covers: [(folder, name, node or None), …] each

    def _take(self, path):
        if path.is_symlink():
            node = Node("link", os.readlink(path))
        elif path.is_dir():
            node = Node("folder", {p.name: self._take(p) for p in path.iterdir()})
        else:
            node = Node("file", path.read_bytes())
        self.inodes[path.lstat().st_ino] = node
        return node

    def _show(self, folder):
        for name, node in folder.lasting.items():
            self.now[folder, name] = node
            if node.kind == "folder":
                self._show(node)

    def _place(self, path):
        *parents, name = pathlib.Path(path).relative_to(self.folder).parts
        folder = self.root
        for part in parents:
            folder = self.now[folder, part]
        return folder, name

    def _name(self, *entries):
        self.names.append(entries)
        for folder, name, node in entries:
            self.now.pop((folder, name), None)
            if node is not None:
                self.now[folder, name] = node

    def apply(self, change):
        kind = change.kind
        if kind in ("open", "mkdir", "symlink"):
            folder, name = self._place(change.other if kind == "symlink" else change.path)
            if (folder, name) in self.now:
                self.inodes[change.inode] = self.now[folder, name]
                if change.offset:
                    self.now[folder, name].waiting.append((0, None))
            else:
                node = Node({"open": "file", "mkdir": "folder"}.get(kind, "link"), change.path if kind == "symlink" else None)
                self.inodes[change.inode] = node
                self._name((folder, name, node))
        elif kind == "write":
            self.inodes[change.inode].waiting.append((change.offset, change.data))
        elif kind == "truncate":
            self.inodes[change.inode].waiting.append((change.offset, None))
        elif kind == "rename":
            source, target = self._place(change.path), self._place(change.other)
            self._name((*source, None), (*target, self.now[source]))
        elif kind == "unlink":
            self._name((*self._place(change.path), None))
        elif kind == "syncfs":
            for node in self.inodes.values():
                self._fix(node)
        elif kind in ("fsync", "fdatasync"):
            self._fix(self.inodes[change.inode])

    def _fix(self, node):
        """A file's bytes, or the changes to a folder's names with those before them that they rest on, become lasting."""
        if node.kind == "file":
            node.lasting, node.waiting = node.bytes(lambda _: True), []
        elif node.kind == "folder":
            left = []
            for entries in self.names:
                if all(folder is not node for folder, _, _ in entries):
                    left.append(entries)
                else:
                    self._keep(entries, lambda folder: folder.lasting)
            self.names = left

    @staticmethod
    def _keep(entries, names_of):
        for folder, name, node in entries:
            names = names_of(folder)
            names.pop(name, None)
            if node is not None:
                names[name] = node

    def crash(self, names, data):
        """What the disk may hold if the power fails now: {path: bytes, link target or None of a folder}.

        `names` and `data` choose which changes to names and which writes, of those that no fsync covered, reached it.
        """
        held = {}

        def names_of(folder):
            return held.setdefault(folder, dict(folder.lasting))

        for entries in self.names:
            if names():
                self._keep(entries, names_of)
        tree = {}

        def walk(folder, path, above):
            for name, node in names_of(folder).items():
                place = f"{path}/{name}" if path else name
                if node.kind == "folder":
                    if node in above:
                        continue
                    tree[place] = None
                    walk(node, place, above | {node})
                else:
                    tree[place] = node.lasting if node.kind == "link" else node.bytes(lambda _: data())

        walk(self.root, "", {self.root})
        return tree

    def shown(self):
        """What the system shows, as `crash` tells it."""
        return self.crash(lambda: True, lambda: True)

    def crashes(self, seed):
        """Some of what the disk may hold now: nothing that was not covered, names without bytes, and some of both at random."""
        yield self.crash(lambda: False, lambda: False)
        yield self.crash(lambda: True, lambda: False)
        dice = random.Random(seed)
        yield self.crash(lambda: dice.random() < 0.7, lambda: dice.random() < 0.7)

    def kills(self, change):
        """What a process leaves that is killed before `change`, or in the middle of it where that is a write."""
        yield self.shown()
        if change.kind == "write" and len(change.data) > 1:
            node = self.inodes[change.inode]
            node.waiting.append((change.offset, change.data[:len(change.data) // 2]))
            yield self.shown()
            node.waiting.pop()


def tree(folder):
    """{path: bytes, link target or None of a folder} of what lies below a folder."""
    found = {}
    for path in pathlib.Path(folder).rglob("*"):
        found[str(path.relative_to(folder))] = os.readlink(path) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
    return found


def lay_out(tree, folder):
    """Makes a folder of what `tree` tells."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(tree):
        content = tree[name]
        path = folder / name
        if content is None:
            path.mkdir()
        elif isinstance(content, str):
            path.symlink_to(content)
        else:
            path.write_bytes(content)


VERSION = re.compile(r"[0-9a-f]{16}$")
