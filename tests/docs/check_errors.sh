#!/bin/sh
# check_errors.sh PROJECT: docs/09_errors.md and the messages of include/crisp and examples/crisp agree.
#   (a) Each message of the source has one in the document that holds its longest piece of fixed text, and no piece that the
#       source has not, in the same order.
#   (b) Each piece of fixed text in the document, between "…" in the code of a table's first column, stands in the source.
# Not seen: hints, and text that reaches a message through a variable only, unless the document has it.
set -u
cd "${1:?usage: check_errors.sh PROJECT}" || exit 1
export LC_ALL=C
exec awk '
  BEGIN {
    # What stands around the text of another message, and is none itself.
    around[":"]; around["\047:"]; around["crisp:"]; around["crisp: warning:"]; around["--help)"]
    call = "[^>A-Za-z_](check|use|fail|failed|refuse|warn|Error|LostRank|WrongUse|Refused|send_error|static_assert)\\(|cerr <<"
  }

  # The messages of the document: the code in the first column of each row.
  FILENAME == ARGV[1] {
    if (!/^\| `/) next
    gsub(/\\\|/, "\001")  # a bar within code
    split($0, column, "|")
    for (cell = column[2]; match(cell, /`[^`]+`/); cell = substr(cell, RSTART + RLENGTH)) {
      message[++messages] = substr(cell, RSTART + 1, RLENGTH - 2)
      gsub(/\001/, "|", message[messages])
      place[messages] = FILENAME ":" FNR
    }
    next
  }

  # The source, without comments, and without quotes and semicolons that are characters.
  FNR == 1 { file[++files] = FILENAME }
  {
    sub(/(^|[ \t])\/\/ .*/, "")
    gsub(/\047\\?[";]\047/, "0")
    source[files] = source[files] $0 "\n"
  }

  # As it is printed, up to the shapes or the hint, without blanks at its ends.
  function plain(text) { sub(/\\n.*/, "", text); gsub(/\\"/, "\"", text); gsub(/^ +| +$/, "", text); return text }
  function complain(what) { print what; bad = 1 }

  # The first piece of the m-th message that `text` has not, after the pieces before it; "" where it has all.
  function lacking(m, text,   pieces, piece, i, at) {
    pieces = split(message[m], piece, "…")
    for (i = 1; i <= pieces; ++i) {
      piece[i] = plain(piece[i])
      if (piece[i] != "" && !(at = index(text, piece[i]))) return piece[i]
      if (piece[i] != "" && text != all) text = substr(text, at + length(piece[i]))
    }
    return ""
  }

  END {
    for (f = 1; f <= files; ++f) {
      gsub(/"[ \n]+"/, "", source[f])  # "one " "text"
      all = all source[f]
      if (file[f] ~ /html$/) continue
      for (rest = source[f]; match(rest, call);) {  # (a): a call, and the literals up to the end of its statement
        rest = substr(rest, RSTART + RLENGTH)
        longest = text = ""
        while (match(rest, /"([^"\\]|\\.)*"|;/)) {
          literal = plain(substr(rest, RSTART + 1, RLENGTH - 2))
          end = substr(rest, RSTART, 1) == ";"
          rest = substr(rest, RSTART + RLENGTH)
          if (end) break
          text = text (text == "" ? "" : " … ") literal
          if (length(literal) > length(longest)) longest = literal
        }
        if (longest == "" || longest in around) continue
        ++checked
        for (m = 1; m <= messages && !(index(message[m], longest) && lacking(m, text) == ""); ++m) {}
        if (m > messages) complain(file[f] ": docs/09_errors.md lacks, or has otherwise: " text)
      }
    }
    gsub(/\\"/, "\"", all)
    for (m = 1; m <= messages; ++m)  # (b)
      if (lacking(m, all) != "") complain(place[m] ": no source has \"" lacking(m, all) "\" of: " message[m])
    if (checked < 300 || messages < 300) complain("check_errors.sh found too few messages; does it still read the files?")
    print checked " messages of the source and " messages " of the document were checked"
    exit bad
  }' docs/09_errors.md $(find include/crisp examples/crisp -name '*.hpp' -o -name '*.cuh' -o -name '*.cpp' -o -name '*.html' | sort)
