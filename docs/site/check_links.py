"""Whether each link of a site leads somewhere: pages, anchors, pictures; and nothing comes from the network.
usage: check_links.py FOLDER"""
import collections
import html.parser
import pathlib
import sys
import urllib.parse

LOADED = {("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src"), ("video", "src")}


class Links(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.links = collections.Counter(), []  # (tag, target, line)
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id":
                self.ids[value] += 1
            elif (tag, name) in LOADED or (tag, name) == ("a", "href"):
                self.links.append((tag, value or "", self.getpos()[0]))


def faults(folder):
    pages = {file.resolve(): Links(file.read_text()) for file in sorted(pathlib.Path(folder).rglob("*.html"))}
    count = 0
    for file, page in pages.items():
        for repeated in (name for name, times in page.ids.items() if times > 1):
            yield f"{file}: the address #{repeated} is there {page.ids[repeated]} times"
        for tag, target, line in page.links:
            count += 1
            fault = fault_of(file, tag, target, pages)
            if fault:
                yield f"{file}:{line}: {fault}: {target}"
    print(f"{len(pages)} pages, {count} links")


def fault_of(file, tag, target, pages):
    parts = urllib.parse.urlsplit(target)
    if parts.scheme or parts.netloc:
        return "loaded from the network" if tag != "a" else None
    to = (file.parent / urllib.parse.unquote(parts.path)).resolve() if parts.path else file
    if not to.is_file():
        return "there is no such file"
    anchor = urllib.parse.unquote(parts.fragment)
    if anchor and (to not in pages or anchor not in pages[to].ids):
        return "the page has no such address"
    return None


if __name__ == "__main__":
    found = list(faults(sys.argv[1]))
    for fault in found:
        print(fault)
    print(f"{len(found)} broken links")
    sys.exit(len(found) > 0)
