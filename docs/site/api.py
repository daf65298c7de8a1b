"""The API reference: a page for each header."""
import html
import re
import textwrap

import code


def lead(source):
    """The comment that a file begins with."""
    lines = []
    for line in source.split("\n"):
        if not line.startswith("//"):
            break
        lines.append(re.sub(r"^/+ ?", "", line))
    return "\n".join(lines)


def scope_of(declaration):
    return declaration.name.rpartition("::")[0] or "crisp"


def anchor(declaration):
    """Tensor.reshape; operator+ as it is, without what an address cannot hold."""
    name = declaration.name.removeprefix("crisp::").replace("::", ".")
    return re.sub(r"[^\w.]", lambda found: f"-{ord(found[0]):x}", name)


def is_code(lines):
    """A paragraph that ends as a statement does is one."""
    return lines and lines[-1].endswith(";")


def to_name(address, shown):
    return f'<a class="name" href="{address}">{shown}</a>' if address else shown


class Text:
    """A comment as HTML: paragraphs, lists, code where lines are indented, and names that lead somewhere."""

    def __init__(self, site, root, scope):
        self.site, self.root, self.scope = site, root, scope

    def inline(self, text):
        parts = re.split(r"`([^`]*)`", text)
        for i, part in enumerate(parts):
            escaped = html.escape(part, quote=False)
            if i % 2:
                address = self.site.address_named(part, self.scope)
                parts[i] = to_name(address and self.root + address, f"<code>{escaped}</code>")
            else:
                parts[i] = re.sub(r"\b[a-z_]+/[a-z_0-9]+\.(?:hpp|cuh)\b", self.path, escaped)
        sentence = r"(Throws\b.*?(?:\.(?=\s|$)|$))"
        return re.sub(sentence, r'<span class="throws">\1</span>', "".join(parts), flags=re.S)

    def path(self, found):
        address = self.site.address_named(found[0])
        return to_name(address and self.root + address, found[0])

    def blocks(self, text):
        """(kind, lines): p, li or pre."""
        blocks = []
        for line in text.split("\n"):
            kind = blocks[-1][0] if blocks else ""
            if not line.strip():
                blocks.append(("pre" if kind == "pre" else "", []))
            elif line.lstrip().startswith("- "):
                blocks.append(("li", [line.lstrip()[2:]]))
            elif kind == "li" and line.startswith(" "):
                blocks[-1][1].append(line.strip())
            elif line.startswith("  "):
                blocks[-1][1].append(line) if kind == "pre" else blocks.append(("pre", [line]))
            else:
                blocks[-1][1].append(line) if kind == "p" else blocks.append(("p", [line]))
        return [("pre" if kind == "p" and is_code(lines) else kind, lines) for kind, lines in blocks if lines]

    def html(self, text):
        result = []
        for kind, lines in self.blocks(text):
            if kind == "pre":
                text = textwrap.dedent("\n".join(lines))
                shown = code.highlighted(text, "cpp", self.site.names, self.root, self.scope)
                result.append(f"<pre><code>{shown}</code></pre>")
            else:
                result.append(f"<{kind}>{self.inline(chr(10).join(lines))}</{kind}>")
        return re.sub(r"((?:<li>.*?</li>\n?)+)", r"<ul>\1</ul>", "\n".join(result), flags=re.S)


class Header:
    """The page of one header."""

    def __init__(self, site, file, declarations):
        self.site, self.file, self.declarations = site, file, declarations
        self.short = file.removeprefix("include/crisp/")
        self.address = "api/" + self.short.replace(".", "_") + ".html"
        self.root = "../" * self.address.count("/")
        self.source = "source/" + file + ".html"
        self.lead = lead(site.text(file))
        self.headings = []
        self.taken = {}
        for declaration in declarations:
            self.place(declaration)

    def place(self, declaration):
        """Its address; overloads get a number."""
        name = anchor(declaration)
        self.taken[name] = self.taken.get(name, 0) + 1
        declaration.anchor = f"{name}-{self.taken[name]}" if self.taken[name] > 1 else name
        self.site.names.add(declaration.name, f"{self.address}#{declaration.anchor}")
        for member in declaration.members:
            self.place(member)

    def cpp(self, text, scope):
        return code.highlighted(text, "cpp", self.site.names, self.root, scope)

    def text(self, comment, scope):
        return Text(self.site, self.root, scope).html(comment)

    def body(self):
        folder = self.short.split("/")[0] if "/" in self.short else "crisp"
        result = [f'<p class="path"><a href="{self.root}api/index.html">API reference</a> / '
                  f'<a href="{self.root}api/index.html#{folder}">{folder}</a></p>',
                  f'<h1 id="top">{html.escape(self.short)}</h1>', self.text(self.lead, "crisp"),
                  f'<pre><code>{code.highlighted(f"#include <crisp/{self.short}>", "cpp")}</code></pre>'
                  f'<p><a href="{self.root}{self.source}">The whole file</a></p>']
        for group in groups(self.declarations):
            result.append(self.item(group))
        return "\n".join(result)

    def item(self, group):
        title = html.escape(", ".join(dict.fromkeys(x.name.removeprefix("crisp::") for x in group)))
        heading = "" if self.headings and self.headings[-1][2] == title else self.heading(group[0], title)
        result = [heading, self.entry(group, "entry")]
        for x in group:
            if not is_plain(x):
                result += [self.entry(inner, "entry member") for inner in groups(x.members)]
        return "".join(result)

    def heading(self, first, title):
        self.headings.append((2, first.anchor, title))
        kind = {"typedef": "type", "define": "macro"}.get(first.kind, first.kind)
        here = f'<a class="here" href="#{first.anchor}">#</a>'
        return f'<h2><span class="kind">{kind}</span> {title} {here}</h2>'

    def entry(self, group, style):
        first, scope = group[0], scope_of(group[0])
        source = f'<a class="source" href="{self.root}{self.source}#L{first.line}">line {first.line}</a>'
        heads = [self.head(x, group) for x in group if x.line != line_before(x, group)]
        heads = ("\n\n" if any("\n" in head for head in heads) else "\n").join(heads)
        result = [f'<div class="{style}">{source}<pre><code>{heads}</code></pre>']
        result.append(self.text(first.comment, scope))
        bodies = [x.text for x in group if has_body(x)]
        if bodies:
            shown = self.cpp("\n".join(bodies), scope)
            result.append(f"<details><summary>source</summary><pre><code>{shown}</code></pre></details>")
        return "\n".join(result) + "</div>"

    def head(self, declaration, group):
        """The declaration, behind its address; and those of what has no place of its own."""
        same_line = [x for x in group if x.line == declaration.line]
        hidden = [member for x in same_line if is_plain(x) for member in x.members]
        places = "".join(f'<span id="{x.anchor}"></span>' for x in same_line + hidden)
        return places + self.cpp(shown(declaration), scope_of(declaration))


def is_class(declaration):
    return declaration.kind in ("struct", "class")


def is_plain(declaration):
    """A class without functions, which is shown as it is written."""
    functions = any(member.kind == "function" for member in declaration.members)
    return is_class(declaration) and not functions and "private:" not in declaration.text


def has_body(declaration):
    """Whether there is more to see than the head shows."""
    hidden = declaration.text[len(declaration.head):]
    return declaration.kind == "function" and "{" in hidden and "\n" in declaration.text


def line_before(declaration, group):
    at = next(i for i, x in enumerate(group) if x is declaration)
    return group[at - 1].line if at else None


def shown(declaration):
    if declaration.kind == "function" or (is_class(declaration) and not is_plain(declaration)):
        comment = re.search(r"  // .*$", declaration.text.split("\n")[-1])
        beside = comment[0] if comment and declaration.kind == "function" else ""
        return declaration.head.rstrip(";") + beside
    return declaration.text


def groups(declarations):
    """Declarations under one comment, or variables one below the other, belong together."""
    result = []
    for declaration in declarations:
        if result and result[-1][-1].line == declaration.line:
            result[-1].append(declaration)  # two variables of one line
        elif result and declaration.follows and not is_class(result[-1][-1]) and not is_class(declaration):
            result[-1].append(declaration)
        else:
            result.append([declaration])
    return result
