"""The results as Markdown."""
import re


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def digits(x):
    return "" if x is None else f"{x:.3g}" if x < 1 else f"{x:.{0 if x >= 100 else 1 if x >= 10 else 2}f}"


def time_table(results, names, setting, floors):
    """A row for each workload and setting (threads, precision); its ratio is that of the best peer to the best of ours."""
    text = row("workload", setting, *(f"{name}, ms" for name in names.values()), "best peer", "ratio", "middle half of the rounds",
               *(("floor, ms", "bound by", "floor / crisp") if floors else ()))
    text += row("---", *["---:"] * (len(names) + 1), "---", "---:", "---", *(("---:", "---", "---:") if floors else ()))
    for r in results:
        ends, floor = r.get("ratio_quartiles"), r.get("floor")
        cells = [r["workload"], r[setting], *(digits(r["ms"].get(c)) or ("failed" if c in r["failed"] else "") for c in names),
                 names.get(r.get("best_peer"), ""), f"**{r['ratio']:.2f}**" if "ratio" in r else "", f"{ends[0]:.2f} to {ends[1]:.2f}" if ends else ""]
        if floor: cells += [digits(floor["ms"]), floor["bound"], f"{floor['ms'] / floor['ours']:.2f}" if "ours" in floor else ""]
        elif floors: cells += [""] * 3
        text += row(*cells)
    return text


def memory_table(results, names, setting):
    measured = [r for r in results if r.get("memory_mb")]
    if not measured: return ""
    text = "\n" + row("peak memory", setting, "crisp, MB", "PyTorch, MB", "layout", "ratio")
    text += row("---", "---:", "---:", "---:", "---", "---:")
    for r in measured:
        peaks = dict(r["memory_mb"])
        ours, best = peaks.pop("crisp", None), min(peaks, key=peaks.get, default=None)
        text += row(r["workload"], r[setting], digits(ours), digits(peaks.get(best)), names.get(best, ""), f"**{peaks[best] / ours:.2f}**" if ours and best else "")
    return text


def reason(complaint):
    """The line that names the error; of a program in Python the first such after its trace, else the last line of all."""
    lines = complaint.splitlines()
    return next((line for line in lines if re.match(r"[\w.]*(Error|Exception)\b", line)), lines[-1])


def failure_list(results, names, setting):
    """Who did not run to the end and why, in a line; all of it went to the terminal."""
    lines = [f"- {r['workload']}, {r[setting]}: {names[c]}: {reason(why)}\n" for r in results for c, why in r["failed"].items()]
    return "\nFailed:\n" + "".join(lines) if lines else ""
