"""The invariants of README that a look at the sources can tell."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "Sources"

# What each module may import of the project and of the system; arrows run one way.
ALLOWED = {
    "Console": {"Glibc"},
    "HDF5": {"Algorithms", "CHDF5", "CLZ4", "CAec", "CBlosc", "CBzip2", "CDeflate", "CZstd", "CKernels", "CMapping", "CProcess", "Foundation", "Glibc", "Synchronization"},
    "Distributions": {"Algorithms", "CKernels"},
    "Expressions": {"Foundation"},
    "Activations": {"Expressions", "HDF5", "CKernels", "Foundation", "Glibc"},
    "TileStore": {"Algorithms", "CLZ4", "CKernels", "CDurability", "CMapping", "Crypto", "Foundation", "Glibc", "Synchronization"},
    "Precompute": {"Activations", "Algorithms", "CKernels", "Distributions", "Expressions", "HDF5", "TileStore", "Yams", "Dispatch", "Foundation", "Glibc", "Synchronization"},
    "Views": {"CDeflate", "CKernels", "CZstd", "Crypto", "Distributions", "Expressions", "NIOPosix", "TileStore", "Dispatch", "Foundation", "Synchronization"},
}


def test_the_top_level_is_as_agreed():
    """What a tool leaves beside the sources, such as a header that the compiler made, is not committed with them."""
    agreed = {"Package.swift", "Package.resolved", "Sources", "Tests", "Jobs", "Tiles", "web", "Makefile", "LICENSE"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.suffix != ".md"}
    assert found <= agreed, found - agreed


def test_tests_of_several_folders_can_run_in_any_order():
    """Python knows one module of a name: what test modules import must not depend on which folder came first."""
    folders = {folder: {path.stem for path in (ROOT / "Tests" / folder).glob("*.py")} - {"conftest"} for folder in ("Browser", "EndToEnd")}
    assert folders["Browser"] & folders["EndToEnd"] == set()
    for folder in folders:
        for path in (ROOT / "Tests" / folder).glob("*.py"):
            assert not re.search(r"^\s*(import|from) conftest\b", path.read_text(), re.M), f"{path.name} imports conftest, of which there are several"


def swift_files(module):
    return sorted((SOURCES / module).rglob("*.swift"))


def imports(path):
    return set(re.findall(r"^(?:@testable |public )?import (?:struct |class |enum |func )?([A-Za-z0-9_]+)", path.read_text(), re.M))


@pytest.mark.parametrize("module", ALLOWED)
def test_arrows_run_one_way(module):
    assert swift_files(module)
    for path in swift_files(module):
        assert imports(path) <= ALLOWED[module], f"{path.relative_to(ROOT)} imports {imports(path) - ALLOWED[module]}"


# Modules of whose folders none uses another that uses it. Files that lie in the module's own folder may use all of them.
LAYERED = ["Distributions", "HDF5", "Precompute", "TileStore", "Views"]

COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"', re.S)
DECLARED = re.compile(
    r"^(?:(?:public|package|internal|final|indirect|nonisolated|@\w+(?:\([^)]*\))?) )*(?:struct|class|enum|actor|protocol|typealias|func|let|var) (\w+)",
    re.M)  # fmt: skip


def folders(module):
    """What the files of each folder declare for others, and the words that they use: {folder: (names, {file: words})}."""
    found = {}
    for path in swift_files(module):
        code = COMMENT_OR_TEXT.sub(" ", path.read_text())
        names, words = found.setdefault(path.relative_to(SOURCES / module).parent.as_posix(), (set(), {}))
        names.update(DECLARED.findall(code))
        # A type wherever it is named; what begins with a small letter where it stands by itself and is not being declared.
        words[path.name] = set(re.findall(r"\b[A-Z]\w*", code)) | set(re.findall(r"(?<![.\w])(?<!func )(?<!let )(?<!var )([a-z_]\w*)\b(?!:)", code))
    return found


def uses(found):
    """Which folder uses which, and by what: {(folder, other): [file: name]}."""
    return {
        (a, b): where for a, (_, files) in found.items() for b, (names, _) in found.items() if a != b
        if (where := [f"{file} uses {name}" for file, words in files.items() for name in sorted(words & names)])
    }


@pytest.mark.parametrize("module", LAYERED)
def test_folders_have_no_cycles(module):
    edges = uses(folders(module))
    left = {folder for edge in edges for folder in edge}
    assert left, "nothing was found"
    while free := {a for a in left if not any((a, b) in edges for b in left)}:
        left -= free
    cycle = [f"{a} -> {b}: {', '.join(where[:5])}" for (a, b), where in edges.items() if a in left and b in left]
    assert not cycle, f"{module}:\n" + "\n".join(cycle)


def test_a_cycle_of_folders_would_be_found():
    found = {"Model": ({"Info"}, {"Info.swift": {"Info", "Reader"}}), "Read": ({"Reader"}, {"Reader.swift": {"Reader", "Info"}})}
    assert uses(found) == {("Model", "Read"): ["Info.swift uses Reader"], ("Read", "Model"): ["Reader.swift uses Info"]}
    assert DECLARED.findall("public struct A {\n  enum B {}\n}\nfinal class C {}\n@inline(__always) func d() {}\nprivate let e = 1\n") == ["A", "C", "d"]


def test_the_server_and_its_views_know_no_dumps_and_write_nothing():
    for path in swift_files("Views") + swift_files("TileServer"):
        assert not imports(path) & {"HDF5", "Activations", "Precompute", "CHDF5"}, path
        assert not re.search(r"O_WRONLY|O_RDWR|O_CREAT|createFile|removeItem|\.write\(to:|forWriting", path.read_text()), path


def test_one_place_starts_threads_for_counting():
    users = [p for m in ALLOWED for p in swift_files(m) if "concurrentPerform" in p.read_text()]
    assert [p.name for p in users] == ["Lanes.swift"]


WRITES = re.compile(
    r"(?<![\w.])(?:print|debugPrint|dump|NSLog|puts|putchar|fputs|f?printf|dprintf|perror|psignal|syslog)\("
    r"|FileHandle\.standard(?:Output|Error)|STD(?:OUT|ERR)_FILENO|(?<![\w./\"])std(?:out|err)\b|(?<![\w.])write\([12],|/dev/(?:std|tty|fd)|exit\(withError")


def test_one_place_writes_to_terminals_and_logs():
    """Names of files would command the terminal: what is written goes through `Console`, which escapes them."""
    users = {p.name for s in ("*.swift", "*.c", "*.h") for p in SOURCES.rglob(s) if WRITES.search(p.read_text())}
    # Besides it: a table in JSON to the program's own parent, the pipe for that, and a text of ours with a number in it.
    assert users == {"Console.swift", "CatalogueChild.swift", "ChildProcess.swift", "pages.c"}
    for text in ('print("a")', "FileHandle.standardError.write(a)", 'fputs("a", stderr)', "write(2, a, 1)", "Darwin.write(STDOUT_FILENO, a, 1)"):
        assert WRITES.search(text), text


def test_unchecked_sendable_says_why():
    """In the first line of the type, and in one form: what protects what the compiler does not see."""
    found = 0
    for path in SOURCES.rglob("*.swift"):
        lines = path.read_text().splitlines()
        for number, line in enumerate(lines):
            if "@unchecked Sendable" in line.split("//")[0]:
                found += 1
                assert re.match(r" *// Unchecked: \w+ \w+", lines[number + 1]), f"{path.relative_to(ROOT)}:{number + 1}"
    assert found > 20


def test_nothing_names_a_place_of_one_machine():
    for folder in ("Sources", "Tests", "Jobs", "Tiles", "web"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in {".swift", ".py", ".js", ".md", ".yaml", ".html", ".css", ".c", ".h"} and path.name != "test_structure.py":
                if path.relative_to(ROOT).parts[0] == "Tiles" and len(path.relative_to(ROOT).parts) > 2 and path.relative_to(ROOT).parts[1] != "golden":
                    continue  # built stores
                assert not re.search(r"(?<![\w.])/(work|root|home)/", path.read_text()), path


def test_places_in_a_store_are_spelled_once():
    """What lies where in a store is said in `TileStore/Schema`; whoever reads or writes it asks there."""
    spelled = re.compile(r'"(?:\\\(\w+\))?/?(?:layers|own|shared|grid|statistics|orderings|images|texts)/')
    found = {p.relative_to(SOURCES).as_posix() for m in ("TileStore", "Precompute") for p in swift_files(m) if spelled.search(p.read_text())}
    assert found == {"TileStore/Schema/LayerArray.swift", "TileStore/Schema/RowArray.swift"}
    for text in ('"layers/\\(id)"', '"\\(path)/grid/\\(name)"', 'path + "/orderings/median"'):
        assert spelled.search(text), text


def test_random_tests_can_be_repeated():
    """Swift tests take all chance from a generator with a seed, `SplitMix`."""
    chance = re.compile(r"SystemRandomNumberGenerator|\.(?:randomElement|shuffled|shuffle|random)\((?!using:)(?!in:[^\n]*using: &)")
    for path in (ROOT / "Tests").rglob("*.swift"):
        if "Bench" not in path.parts:
            assert not chance.search(path.read_text()), f"{path.relative_to(ROOT)}: {chance.search(path.read_text())[0]}"


def test_files_are_short_enough_to_read():
    long = [path for path in project_files() if path.suffix in (".swift", ".js", ".mjs", ".py", ".c", ".h") and len(path.read_text().splitlines()) > 500]
    assert not long


SENTENCE = re.compile(r'"((?:[^"\\]|\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)|\\.)*\.)"')
VALUE = re.compile(r"\\\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")


def test_a_sentence_for_people_is_written_once():
    """What is said in several places is said alike, because it stands in one."""
    places = {}
    for path in SOURCES.rglob("*.swift"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.lstrip().startswith("//"):
                continue
            for text in SENTENCE.findall(line):
                sentence = VALUE.sub("…", text)
                if len(sentence.split()) >= 4:
                    places.setdefault(sentence, []).append(f"{path.relative_to(ROOT)}:{number}")
    assert len(places) > 200
    assert not {sentence: found for sentence, found in places.items() if len(found) > 1}


DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
FILE_NAME = re.compile(r"[\w./+-]+\.(?:swift|js|ts|py|c|h|md|yaml|sh|service|html|css)")
# Examples of what a user's own files are called.
EXAMPLES = {"job.yaml", "dump.h5"}


MADE = ROOT / "Jobs/demo/full"


def project_files():
    """Those of the project: built stores in Tiles and what the demo's scripts make are not."""
    folders = [ROOT / name for name in ("Sources", "Tests", "Jobs", "web", "Tiles/golden")]
    return [*ROOT.glob("*"), *ROOT.glob("Tiles/*"), *(path for folder in folders for path in folder.rglob("*") if path.is_file() and MADE not in path.parents)]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_what_there_is(document):
    """What stands in backticks: the end of a file's path, a folder, and in ARCHITECTURE.md a type or a constant."""
    files = project_files()
    paths = ["/" + path.relative_to(ROOT).as_posix() for path in files]
    code = "\n".join(path.read_text() for path in files if path.suffix in {".swift", ".js"})
    known = set(re.findall(r"(?:struct|class|enum|protocol|typealias|extension|const) `?(\w+)", code))
    known |= set(re.findall(r"@typedef \{[^\n]*\} (\w+)", code))
    known |= {path.name for path in [*files, *SOURCES.rglob("*")]}

    def is_there(name):
        if FILE_NAME.fullmatch(name):
            return name in EXAMPLES or any(path.endswith("/" + name) for path in paths)
        if re.fullmatch(r"(?:Sources|Tests|Jobs|Tiles|web)/[\w/]*", name):
            return (ROOT / name).is_dir()
        return document != "ARCHITECTURE.md" or not re.fullmatch(r"[A-Z][\w]{2,}", name) or name in known

    names = re.findall(r"`([^`\n]+)`", (ROOT / document).read_text())
    assert names
    assert not [name for name in names if not is_there(name)]


def test_the_version_stands_in_one_place():
    """What cannot read it there (images of Kubernetes, the changelog) says the same."""
    place = SOURCES / "Precompute/Plan/PreparedJob.swift"
    (version,) = re.findall(r'static let version = "(\d+\.\d+\.\d+)"', place.read_text())
    texts = {path: path.read_text() for path in project_files() if path.suffix in {".swift", ".js", ".json", ".yaml", ".sh"}}
    texts |= {path: path.read_text() for path in (ROOT / "Makefile", ROOT / "Jobs/hosting/Containerfile")}
    spelled = {path for path, text in texts.items() if re.search(rf"(?<![\d.]){re.escape(version)}(?![\d.])", text)}
    images = {path: tags for path, text in texts.items() if (tags := set(re.findall(r"image: .*/divergence:(\S+)", text)))}
    assert images and all(tags == {version} for tags in images.values()), images
    assert spelled == {place, *images}
    assert re.findall(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[0] == version
