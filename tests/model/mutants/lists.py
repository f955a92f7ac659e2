"""The two lists beside this file, and what the headers' text says about a place in them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
LOG = ROOT / "include/sluice/log"


class ListError(Exception):
    """A list that does not fit the headers any more, or can't be read."""


@dataclass
class Guard:
    """A mutant by text: something in one header that is replaced by something else."""

    file: str
    name: str
    find: str
    replace: str

    @property
    def key(self):
        return f"{self.file}: {self.name}"

    def pattern(self):
        # Blanks, line ends and comments don't count, so that neither formatting nor prose breaks the list.
        words = re.findall(r"\w+|[^\w\s]", re.sub(r"//.*", "", self.find))
        return re.compile(r"(?:\s|//[^\n]*\n)*".join(re.escape(word) for word in words))

    def applied_to(self, text):
        """The header's text with this mutant in it."""
        found = self.pattern().findall(text)
        if len(found) != 1:
            many = "is not found" if not found else f"is found {len(found)} times"
            raise ListError(
                f"guards.txt: '{self.key}': its text {many} in include/sluice/log/{self.file}; the list must"
                f" follow the code:\n  {self.find}"
            )
        return self.pattern().sub(lambda _: self.replace, text)


@dataclass
class Argument:
    """Why a mutant may survive, and the mutants that together with it must not."""

    key: str
    text: str
    pair: list = field(default_factory=list)


def read_guards():
    """Blocks of a header line `file: name`, lines of text to find (-) and lines to put there (+)."""
    guards = []
    for line in (HERE / "guards.txt").read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in "-+":
            if not guards:
                raise ListError(f"guards.txt: text without a name above it: {line}")
            if line[0] == "-":
                guards[-1].find += line[1:].strip() + "\n"
            else:
                guards[-1].replace += line[1:] + "\n"
            continue
        file, colon, name = line.partition(": ")
        if not colon:
            raise ListError(f"guards.txt: expected 'file: name' or a line that begins with - or +, got: {line}")
        guards.append(Guard(file, name.strip(), "", ""))
    twice = {guard.key for guard in guards if sum(other.key == guard.key for other in guards) > 1}
    if twice:
        raise ListError(f"guards.txt: two mutants have one name: {', '.join(sorted(twice))}")
    for guard in guards:
        if not guard.find.strip():
            raise ListError(f"guards.txt: '{guard.key}' says nothing to find")
    unfit = []
    for guard in guards:
        try:
            guard.applied_to((LOG / guard.file).read_text())
        except ListError as error:
            unfit.append(str(error))
    if unfit:
        raise ListError("\n".join(unfit))
    return guards


def read_arguments():
    """Blocks of a mutant's key, then indented text; `with:` names what makes a pair of it."""
    arguments = {}
    current = None
    for line in (HERE / "justified.txt").read_text().splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if not line[0].isspace():
            current = Argument(line.strip(), "")
            if current.key in arguments:
                raise ListError(f"justified.txt: '{current.key}' is there twice")
            arguments[current.key] = current
        elif current is None:
            raise ListError(f"justified.txt: text without a mutant above it: {line}")
        elif line.strip().startswith("with: "):
            current.pair.append(line.strip()[len("with: ") :])
        else:
            current.text = (current.text + " " + line.strip()).strip()
    return arguments


class Source:
    """One header's lines."""

    _known = {}

    def __init__(self, file):
        self.lines = (ROOT / "include" / file).read_text().splitlines()

    @classmethod
    def of(cls, file):
        if file not in cls._known:
            cls._known[file] = cls(file)
        return cls._known[file]

    def function_at(self, number):
        """The function that a line stands in: the nearest signature above, by the house's indentation."""
        for line in reversed(self.lines[: number - 1]):
            text = line.strip()
            if not re.match(r"( {2})?[\[A-Za-z~]", line) or text.endswith(";"):
                continue
            if re.match(r"(if|for|while|switch|return|alignas|static_assert)\b", text) or " = " in text.split("(")[0]:
                continue
            name = re.search(r"([A-Za-z_~]\w*)\(", line)
            if name:
                return name.group(1)
        return "?"

    def syncs_at(self, number):
        """The SYNC names of the comment on that line or right above its statement."""
        at = number - 1
        names = []
        for look in range(at, max(at - 12, -1), -1):
            line = self.lines[look]
            is_comment = line.lstrip().startswith("//")
            if names and not is_comment:
                break
            if look < at and not is_comment and re.search(r"[{}]\s*$", line) and "//" not in line:
                break
            if look < at and not line.strip():
                break
            names = re.findall(r"SYNC ([a-z][a-z-]*)", line) + names
        return list(dict.fromkeys(names))


@dataclass
class Place:
    """One ordering that some model executes."""

    site: str  # "sluice/log/ring.hpp:134:store", as the driver names it
    order: str
    key: str = ""  # "ring.hpp take_single store", numbered where that is not enough

    @property
    def file(self):
        return self.site.split(":")[0]

    @property
    def line(self):
        return int(self.site.split(":")[1])

    @property
    def operation(self):
        return self.site.split(":")[2]

    def weaker(self):
        """What it is weakened to, one after the other."""
        if self.operation.endswith("_fence"):
            return ["removed"]
        return ["acquire", "release", "relaxed"] if self.order in ("acq_rel", "seq_cst") else ["relaxed"]

    def syncs(self):
        return Source.of(self.file).syncs_at(self.line)


def places_of(sites):
    """Names each of the sites ("...:store=release") so that the name survives edits elsewhere."""
    places = [Place(*site.split("=")) for site in sites if site.startswith("sluice/log/")]
    places.sort(key=lambda place: (place.file, place.line, place.operation))
    count = {}
    for place in places:
        function = Source.of(place.file).function_at(place.line)
        key = f"{Path(place.file).name} {function} {place.operation}"
        count[key] = count.get(key, 0) + 1
        place.key = key if count[key] == 1 else f"{key}#{count[key]}"
    return places
