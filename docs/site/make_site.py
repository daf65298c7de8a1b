"""The documentation as a site: chapters, an API reference and a search, in files that need no network.
usage: make_site.py PROJECT FOLDER"""
import html
import json
import os
import pathlib
import re
import shutil
import sys

import api
import code
import declarations
import markdown

HERE = pathlib.Path(__file__).parent
COPIED = {".png", ".svg", ".jpg", ".safetensors"}  # files that are no text
LANGUAGES = {".hpp": "cpp", ".cuh": "cpp", ".cpp": "cpp", ".sh": "sh", ".py": "python", ".cmake": "cmake",
             ".txt": "cmake", ".json": "json"}


def is_chapter(path):
    return re.match(r"docs/\d\d_", path)


def one_line(comment):
    return " ".join(comment.replace("`", "").split())


def in_order(path):
    """README.md before what it leads to."""
    return os.path.dirname(path) if path.endswith("README.md") else path


SECTIONS = [("Chapters", is_chapter),
            ("Look up", lambda path: path.startswith("docs/")),
            ("Coursework", lambda path: path.startswith("examples/coursework/")),
            ("Project", lambda path: path != "README.md")]


class Site:
    def __init__(self, project, out):
        self.project, self.out = pathlib.Path(project), pathlib.Path(out)
        self.names = code.Names()
        found = declarations.all_of(project)
        self.headers = {file: api.Header(self, file, declared) for file, declared in sorted(found.items())}
        self.chapters = {}  # path -> address, of Markdown
        self.sources = {}  # path -> address, of other files that a page shows or leads to
        for path in sorted(self.project.glob("include/crisp/**/*.[hc]*")):
            self.address_of(path.relative_to(project).as_posix())
        self.file_names = {}  # of headers, where one alone is called so
        for path in self.sources:
            name = path.rsplit("/", 1)[1]
            self.file_names[name] = path if name not in self.file_names else None
        self.chapters = {path: self.address_of_chapter(path) for path in self.chapter_files()}
        self.search = []

    def text(self, path):
        return (self.project / path).read_text()

    def chapter_files(self):
        """README.md, the files of docs/, and those that they lead to, in the order of the menu."""
        files = ["README.md"] + [f"docs/{path.name}" for path in sorted(self.project.glob("docs/*.md"))]
        for file in files:
            for target in re.findall(r"\]\(([^)\s:#]+)", self.text(file)):
                path = os.path.normpath(os.path.join(os.path.dirname(file), target))
                for found in [self.project / path, *sorted((self.project / path).glob("*.md"))]:
                    found = found.relative_to(self.project).as_posix()
                    if found.endswith(".md") and (self.project / found).is_file() and found not in files:
                        files.append(found)
        return files[:1] + [file for _, files_of_section in self.sections(files) for file in files_of_section]

    @staticmethod
    def sections(files):
        rest = set(files)
        for title, belongs in SECTIONS:
            chosen = [file for file in files if file in rest and belongs(file)]
            rest -= set(chosen)
            yield title, sorted(chosen, key=in_order) if title == "Coursework" else chosen

    @staticmethod
    def address_of_chapter(path):
        return re.sub(r"README$", "index", path.removesuffix(".md")) + ".html"

    def address_of(self, path):
        """Where a file of the project is in the site, or None."""
        path = path.rstrip("/")
        file = self.project / path
        if path in self.chapters:
            return self.chapters[path]
        if file.is_dir():
            if (file / "README.md").is_file():
                return self.address_of(f"{path}/README.md")
            return self.sources.setdefault(path, f"source/{path}/index.html")
        if not file.is_file() or path.startswith(".."):
            return None
        return self.sources.setdefault(path, path if file.suffix in COPIED else f"source/{path}.html")

    def address_named(self, text, scope="crisp"):
        """What a piece of code names: a file, a folder of headers, or something public."""
        if re.fullmatch(r"\w[\w.]*(/\w[\w.]*)*/?", text) and ("/" in text or "." in text):
            header = self.file_names.get(text) or f"include/crisp/{text.removeprefix('include/crisp/')}"
            if header in self.headers and not text.startswith("include/"):
                return self.headers[header].address
            if text.endswith("/") and any(file.startswith(header) for file in self.headers):
                return f"api/index.html#{header.split('/')[2]}"
            if (self.project / header).is_dir() or (self.project / text).is_dir():
                return None
            return self.address_of(header) or self.address_of(text)
        found = re.fullmatch(r"(\w+(?:::\w+)*)(?:<[\w, ]*>)?(?:\(.*\))?", text)
        return self.names.find(found[1], scope) if found else None

    def build(self):
        pages = [markdown.Page(self, path, address) for path, address in self.chapters.items()]
        titles = {page.path: page.title for page in pages}
        for i, page in enumerate(pages):
            for heading, address, text in page.sections():
                self.search.append([heading, page.title, address, text])
            self.write(page.address, page.title, page.body, page.headings, titles, near(pages, i))
        for header in self.headers.values():
            body = header.body()
            self.search.append([header.short, "header", header.address, one_line(header.lead)])
            self.add_names(header, header.declarations)
            self.write(header.address, header.short, body, header.headings, titles)
        headings = [(2, folder, folder) for folder, _ in self.folders()]
        self.write("api/index.html", "API reference", self.api_index(), headings, titles)
        written = set()
        while written != set(self.sources):  # a folder leads to further files
            for path in set(self.sources) - written:
                self.write_source(path, self.sources[path], titles)
                written.add(path)
        for file in ("style.css", "site.js"):
            shutil.copy(HERE / file, self.out / file)
        index = json.dumps(self.search, ensure_ascii=False, separators=(",\n", ":"))
        (self.out / "search_index.js").write_text(f"window.crispIndex = {index};\n")

    def add_names(self, header, declared):
        for group in api.groups(declared):
            text = one_line(group[0].comment)
            for x in group:
                name = x.name.removeprefix("crisp::")
                self.search.append([name, header.short, f"{header.address}#{x.anchor}", text])
                self.add_names(header, x.members)

    def folders(self):
        """(folder, what it is), in the order of the table of docs/13_reading_crisp.md."""
        table = re.findall(r"^\| `(\w+)/` \| (.*?) \|", self.text("docs/13_reading_crisp.md"), flags=re.M)
        return [(folder, what) for folder, what in table]

    def api_index(self):
        text = api.Text(self, "../", "crisp")
        result = ['<h1 id="top">API reference</h1>',
                  "<p>A page for each header: what it declares, with shapes, errors and source. "
                  "T is the type of the elements, D the device; N, H, W, C are the axes of images.</p>"]
        for folder, what in self.folders() + [("", "the doors")]:
            title = f'{folder or "crisp"}/'
            result.append(f'<h2 id="{folder or "crisp"}">{title}</h2><p>{text.inline(what)}</p>')
            rows = [self.row(path, text) for path in sorted(self.sources) if self.folder_of(path) == folder]
            result.append(f'<div class="table"><table class="headers">{"".join(rows)}</table></div>')
        return "\n".join(result)

    @staticmethod
    def folder_of(path):
        found = re.match(r"include/crisp/(?:(\w+)/)?.*\.(?:hpp|cuh)$", path)
        return (found[1] or "") if found else None

    def row(self, path, text):
        address = self.headers[path].address if path in self.headers else self.sources[path]
        summary = re.split(r"(?<=\.) ", api.lead(self.text(path)).replace("\n", " "))[0]  # the first sentence
        short = path.removeprefix("include/crisp/")
        return f'<tr><td><a href="../{address}">{short}</a></td><td>{text.inline(summary)}</td></tr>'

    def write_source(self, path, address, titles):
        target = self.out / address
        if pathlib.Path(path).suffix in COPIED:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self.project / path, target)
            return
        root = "../" * address.count("/")
        if (self.project / path).is_dir():
            rows = [f'<li><a href="{root}{self.address_of(f"{path}/{file.name}")}">{file.name}</a></li>'
                    for file in sorted((self.project / path).iterdir()) if file.is_file()]
            self.write(address, path, f'<h1 id="top">{path}/</h1><ul>{"".join(rows)}</ul>', [], titles)
            return
        text = self.text(path).rstrip("\n")
        scope = re.search(r"^namespace (crisp[\w:]*) \{", text, flags=re.M)
        language = LANGUAGES.get(pathlib.Path(path).suffix, "text")
        language = "sh" if text.startswith("#!/") and "sh" in text.split("\n")[0] else language
        shown = code.highlighted(text, language, self.names, root, scope[1] if scope else "crisp").split("\n")
        lines = "\n".join(f'<a id="L{i}" href="#L{i}" data-line="{i}"></a>{line}'
                          for i, line in enumerate(shown, 1))
        header = self.headers.get(path)
        back = f'<p><a href="{root}{header.address}">Its page in the API reference</a></p>' if header else ""
        body = f'<h1 id="top">{html.escape(path)}</h1>{back}<pre class="file"><code>{lines}</code></pre>'
        self.write(address, path, body, [], titles)

    def menu(self, current, titles, root):
        def entry(address, title):
            here = ' aria-current="page"' if address in (current, folder) else ""
            return f'<li><a href="{root}{address}"{here}>{html.escape(title)}</a></li>'

        found = re.match(r"api/(\w+)/", current)
        folder = f"api/index.html#{found[1]}" if found else current
        parts = [f'<ul>{entry("index.html", "crisp")}</ul>']
        for title, files in self.sections(list(self.chapters)[1:]):
            rows = "".join(entry(self.chapters[file], titles[file]) for file in files)
            parts.append(f"<h2>{title}</h2><ul>{rows}</ul>")
        rows = "".join(entry(f"api/index.html#{folder}", f"{folder}/") for folder, _ in self.folders())
        parts.append(f'<h2>API reference</h2><ul>{entry("api/index.html", "all headers")}{rows}</ul>')
        return "\n".join(parts)

    def write(self, address, title, body, headings, titles, near=("", "")):
        root = "../" * address.count("/")
        contents = "".join(f'<li><a href="#{anchor}">{text}</a></li>'
                           for level, anchor, text in headings if level == 2)
        fields = {"title": html.escape(title), "root": root, "body": body,
                  "menu": self.menu(address, titles, root),
                  "contents": f"<h2>On this page</h2><ul>{contents}</ul>" if contents else "",
                  "near": "".join(link.replace("ROOT", root) for link in near)}
        page = re.sub(r"\{\{(\w+)\}\}", lambda found: fields[found[1]], (HERE / "page.html").read_text())
        target = self.out / address
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page)


def near(pages, i):
    """Links to the page before and the page after."""
    def link(page, name, label):
        shown = f"<small>{label}</small>{html.escape(page.title)}"
        return f'<a class="{name}" rel="{name}" href="ROOT{page.address}">{shown}</a>'

    return (link(pages[i - 1], "prev", "Previous") if i > 0 else "",
            link(pages[i + 1], "next", "Next") if i + 1 < len(pages) else "")


if __name__ == "__main__":
    site = Site(sys.argv[1], sys.argv[2])
    site.build()
    print(f"{len(site.chapters)} chapters, {len(site.headers)} headers, {len(site.search)} entries to search")
