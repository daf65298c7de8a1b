"""The public functions of the headers (outside of backend/ and detail) that no comment describes.
usage: undocumented.py PROJECT [members]     members: those of classes as well

A comment counts that begins with ///, or stands in the same line; and that of the function above, where no
empty line is between. Fails where a function that is no member has none."""
import sys

import declarations


def without_comment(declared):
    """(whether it has one, function), without what the compiler makes and deduction guides."""
    described = False
    for x in declared:
        own = x.comment or "  // " in x.text.split("\n")[0] or "  // " in x.head
        described = bool(own) or (x.follows and described)
        made = any(word in x.text for word in ("= default", "= delete")) or "~" in x.short
        guide = f"-> {x.short}<" in x.head
        if x.kind == "function" and not made and not guide:
            yield described, x


def report(title, found, shown):
    missing = [x for described, x in found if not described]
    for x in missing if shown else []:
        print(f"{x.file}:{x.line}: {x.name}")
    print(f"{len(found)} {title}, {len(missing)} of them without a comment")
    return len(missing)


def check(files, with_members=False):
    functions, members = [], []
    for declared in files.values():
        functions += without_comment(declared)
        for x in declared:
            members += without_comment(x.members)
    report("member functions", members, with_members)
    return report("public functions", functions, True)


if __name__ == "__main__":
    sys.exit(check(declarations.all_of(sys.argv[1]), sys.argv[2:] == ["members"]) > 0)
