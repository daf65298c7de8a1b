"""Code with colours, and names that lead to the API reference."""
import html
import re

from pygments.lexers import get_lexer_by_name
from pygments.token import Token
from pygments.util import ClassNotFound

STYLES = [(Token.Comment.Preproc, "p"), (Token.Comment.PreprocFile, "s"), (Token.Comment, "c"),
          (Token.Keyword, "k"), (Token.Literal.String, "s"), (Token.Literal.Number, "m")]


def span(style, text, link=None):
    text = html.escape(text, quote=False)
    if link:
        return f'<a href="{html.escape(link)}">{text}</a>'
    if not style:
        return text
    lines = text.split("\n")  # each on its own, so that the result can be cut into lines
    return "\n".join(f'<span class="{style}">{line}</span>' if line else "" for line in lines)


class Names:
    """The public names of the headers, and the address of each."""

    def __init__(self):
        self.address = {}

    def add(self, name, address):
        self.address.setdefault(name, address)

    def find(self, name, scope="crisp"):
        """As C++ looks names up: in the class or namespace, and those around it."""
        name = name.removeprefix("crisp::")
        while scope:
            whole, constructor = f"{scope}::{name}", scope.endswith(f"::{name}")
            if whole in self.address and not constructor:
                return self.address[whole]
            scope = scope.rpartition("::")[0]
        return None


def tokens_of(text, language):
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return [(Token.Text, text)]
    return list(lexer.get_tokens(text))


def refers(name, before, after):
    """Whether a name stands where that of a function or of a type does, rather than that of a variable."""
    if before.endswith((".", "->", "class ", "struct ")):
        return False
    return name[0].isupper() or after.startswith(("(", "<")) or before.endswith("::")


def highlighted(text, language, names=None, root="", scope="crisp"):
    """HTML of the text; `names` makes links from C++, `root` leads from the page to the top of the site."""
    result, before = [], ""
    tokens = tokens_of(text, language)
    for i, (kind, value) in enumerate(tokens):
        style = next((style for parent, style in STYLES if kind in parent), "")
        link = None
        if names and language == "cpp" and not style and re.fullmatch(r"\w+", value):
            path = re.search(r"((?:\w+::)*)$", before)[1]
            after = tokens[i + 1][1] if i + 1 < len(tokens) else ""
            if refers(value, before, after):
                link = names.find(path + value, scope)
        result.append(span(style, value, root + link if link else None))
        before = (before + value)[-80:]
    return "".join(result)
