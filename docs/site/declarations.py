"""What the headers declare. Doxygen finds declarations; their texts and comments are cut from the files."""
import dataclasses
import pathlib
import re
import subprocess
import tempfile
import xml.etree.ElementTree as xml

SETTINGS = """
INPUT = include
FILE_PATTERNS = *.hpp *.cuh
RECURSIVE = YES
EXTENSION_MAPPING = cuh=C++
# compiled.hpp declares nothing new, only for which types templates are compiled
EXCLUDE_PATTERNS = */backend/* */compiled.hpp
EXCLUDE_SYMBOLS = *detail*
STRIP_FROM_PATH = .
EXTRACT_ALL = YES
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
PREDEFINED = CRISP_HD= "CRISP_PARAMS(...)="
SEARCH_INCLUDES = NO
INPUT_FILTER = "sed s,///*,//,"
GENERATE_HTML = NO
GENERATE_LATEX = NO
GENERATE_XML = YES
XML_PROGRAMLISTING = NO
QUIET = YES
"""


@dataclasses.dataclass
class Declaration:
    kind: str  # function, struct, class, concept, enum, typedef, variable, define
    name: str  # crisp::nn::Conv2d, crisp::Tensor::reshape
    file: pathlib.PurePosixPath  # below the project
    line: int  # counted from 1: the first of the declaration, its comment not included
    head: str = ""  # without comment and body
    text: str = ""  # with body
    comment: str = ""
    follows: bool = False  # right below the one before, whose comment is for both
    members: list = dataclasses.field(default_factory=list)

    @property
    def short(self):
        return self.name.rsplit("::", 1)[-1]

    @property
    def last_line(self):
        return self.line + self.text.count("\n")


def doxygen(project):
    """Runs Doxygen, and gives (kind, name, parent, file, line) for all that is public."""
    with tempfile.TemporaryDirectory() as folder:
        settings = f"{SETTINGS}\nOUTPUT_DIRECTORY = {folder}\n"
        done = subprocess.run(["doxygen", "-"], input=settings, cwd=project, text=True, capture_output=True)
        of_others = "include file"  # stb's headers, which need not be installed
        warnings = [line for line in done.stderr.splitlines() if of_others not in line]
        if warnings or not pathlib.Path(folder, "xml").is_dir():
            raise SystemExit("Doxygen reports:\n" + "\n".join(warnings))
        for file in sorted(pathlib.Path(folder, "xml").glob("*.xml")):
            for compound in xml.parse(file).getroot().findall("compounddef"):
                yield from public(compound)


def public(compound):
    kind, parent = compound.get("kind"), compound.findtext("compoundname")
    if kind in ("struct", "class", "concept") and compound.get("prot") in (None, "public"):
        place = compound.find("location")
        yield kind, parent, "", place.get("file"), int(place.get("line"))
    elif kind not in ("namespace", "file"):
        return
    for member in compound.iter("memberdef"):
        name, place = member.findtext("name"), member.find("location")
        of_file = kind == "file" and member.get("kind") != "define"
        if member.get("prot") != "public" or member.get("kind") == "friend" or of_file:
            continue
        inside = "" if kind == "file" else parent
        yield (member.get("kind"), f"{inside}::{name}" if inside else name,
               parent if kind in ("struct", "class") else "", place.get("file"), int(place.get("line")))


def first_line(lines, at, kind):
    """The declaration may begin above the line of its name: with `template`, or the type of the result."""
    while kind != "define" and at > 0:
        above = lines[at - 1].split(" //")[0].strip()
        if not above or above.startswith(("//", "#", "CRISP_PARAMS")) or above[-1] in ";{}:":
            break
        at -= 1
    return at


def comment_above(lines, at):
    first = at
    while first > 0 and lines[first - 1].lstrip().startswith("///"):
        first -= 1
    return "\n".join(re.sub(r"^\s*/// ?", "", line) for line in lines[first:at])


def blanked(text):
    """The text with comments, strings and characters overwritten, so that brackets can be counted."""
    pattern = r'//[^\n]*|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])\''
    return re.sub(pattern, lambda found: "_" * len(found[0]), text)


def extent(text, kind):
    """Where the head of a declaration ends, and where its body does."""
    if kind == "define":
        end = re.search(r"[^\\]\n|$", text).start() + 1
        return end, end
    plain, depth, head, body = blanked(text), 0, None, False
    for i, c in enumerate(plain):
        apart = depth == 0 and plain[i - 1] in " \n"  # not as in options{...} and crisp::Tensor
        if c == "{" and apart and kind in ("function", "struct", "class", "enum"):
            body, head = True, head or i
        if c == ":" and apart and kind == "function" and plain[i + 1] == " ":
            head = head or i  # the members that a constructor sets
        depth += c in "([{"
        depth -= c in ")]}"
        if depth == 0 and (c == ";" or (c == "}" and body and kind == "function")):
            return head or i + 1, i + 1
        if depth < 0:  # the last of an enumeration or of a class
            return head or i, i
    return head or len(text), len(text)


def unindented(text, indent):
    return "\n".join(line[indent:] if line[:indent].isspace() else line for line in text.split("\n")).strip()


def read(kind, name, file, line, lines):
    at = first_line(lines, line - 1, kind)
    rest = "\n".join(lines[at:])
    indent = len(rest) - len(rest.lstrip())
    head, end = extent(rest, kind)
    text = rest[:end]
    after = rest[end:].split("\n", 1)[0]
    if re.match(r"\s+//", after) and "\n" not in text:
        text += after
    found = Declaration(kind, name, pathlib.PurePosixPath(file), at + 1, unindented(rest[:head], indent),
                        unindented(text, indent), comment_above(lines, at))
    found.follows = at > 0 and not found.comment and lines[at - 1].strip() not in ("", "public:") \
        and not lines[at - 1].rstrip().endswith("{") and not lines[at - 1].lstrip().startswith("//")
    return found


def all_of(project):
    """The public declarations of each file in the order of their lines; members lie in their class."""
    files, by_name, members = {}, {}, []
    sources = {}
    for kind, name, parent, file, line in sorted(set(doxygen(project)), key=lambda found: found[3:]):
        lines = sources.setdefault(file, pathlib.Path(project, file).read_text().split("\n"))
        declaration = read(kind, name, file, line, lines)
        if kind == "define" and not declaration.comment:
            continue
        if parent:
            members.append((parent, declaration))
        else:
            files.setdefault(file, []).append(declaration)
        by_name.setdefault((name, file), declaration)
    for parent, declaration in members:
        owner = by_name.get((parent, str(declaration.file)))
        if owner:
            owner.members.append(declaration)
    return files
