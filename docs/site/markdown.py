"""Chapters: GitHub's own Markdown program, its addresses of headings, and links that hold within the site."""
import html
import pathlib
import posixpath
import re
import subprocess

import code


def slug(heading, seen):
    """The address that GitHub gives to a heading."""
    text = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    seen[text] = seen.get(text, -1) + 1
    return f"{text}-{seen[text]}" if seen[text] else text


def plain(markup):
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


class Page:
    """A Markdown file as HTML. `site` says where other files of the project are in the site."""

    def __init__(self, site, path, address):
        self.site, self.path, self.address = site, path, address
        self.root = "../" * address.count("/")
        self.headings = []  # (level, address, HTML)
        text = pathlib.Path(site.project, path).read_text()
        command = ["cmark-gfm", "--unsafe", "-e", "table", "-e", "strikethrough", "-e", "autolink"]
        done = subprocess.run(command, input=text, text=True, capture_output=True, check=True)
        self.body = self.finish(done.stdout)
        self.title = plain(self.headings[0][2]) if text.startswith("# ") else pathlib.Path(path).stem

    def finish(self, body):
        body = re.sub(r'(<a href|<img src)="([^"]*)"', self.link, body)
        body = re.sub(r"<!-- snippet: (\S+?)#\S+ -->", self.origin, body)
        block = r'<pre><code(?: class="language-(\w+)")?>(.*?)</code></pre>'
        body = re.sub(block, self.block, body, flags=re.S)
        body = re.sub(r"<(a|pre)\b.*?</\1>|<code>([^<]*)</code>", self.code, body, flags=re.S)
        body = body.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")
        seen = {}
        return re.sub(r"<h([1-6])>(.*?)</h\1>", lambda found: self.heading(found, seen), body, flags=re.S)

    def origin(self, found):
        address = self.site.address_of(found[1])
        return f'<p class="origin"><a href="{self.root}{address}">{found[1]}</a></p>'

    def block(self, found):
        language = found[1] or "text"
        text = html.unescape(found[2])
        return f"<pre><code>{code.highlighted(text, language, self.site.names, self.root)}</code></pre>"

    def code(self, found):
        """A path or a name in code leads to what it names, where no link is yet."""
        if found[2] is None:
            return found[0]
        address = self.site.address_named(html.unescape(found[2]))
        if address:
            return f'<a class="name" href="{self.root}{address}">{found[0]}</a>'
        option = r"(^|\s)(--?\w[\w-]*)"  # is not to be cut at its hyphens
        shown = re.sub(option, r'\1<span class="option">\2</span>', found[2])
        return f"<code>{shown}</code>"

    def link(self, found):
        target = html.unescape(found[2])
        if re.match(r"[a-z]+:|#", target):
            return found[0]
        path, hash_, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(self.path), path))
        address = self.site.address_of(path)
        if address is None:
            return found[0]  # check_links.py will say so
        return f'{found[1]}="{html.escape(self.root + address + hash_ + anchor)}"'

    def heading(self, found, seen):
        address = slug(plain(found[2]), seen)
        self.headings.append((int(found[1]), address, re.sub("</?a[^>]*>", "", found[2])))
        return f'<h{found[1]} id="{address}">{found[2]} <a class="here" href="#{address}">#</a></h{found[1]}>'

    def sections(self):
        """(heading, address, text) for the search."""
        for part in re.split(r"(?=<h[1-6] id=)", self.body):
            found = re.match(r'<h[1-6] id="([^"]*)">(.*?) <a class="here"', part, flags=re.S)
            if found:
                text = plain(part[part.index("</h"):].split(">", 1)[1])
                yield plain(found[2]), f"{self.address}#{found[1]}", " ".join(text.split())
