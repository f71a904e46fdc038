#!/usr/bin/env python3
"""autobahn-summary.py INDEX EXPECTED: prints the verdicts of an Autobahn report by section.

Fails when a case is anything but OK, INFORMATIONAL or NON-STRICT, in what was echoed or in how it was closed, or when
fewer cases than EXPECTED were run.
"""

import collections
import json
import sys

SECTIONS = {
    1: "framing", 2: "pings and pongs", 3: "reserved bits", 4: "opcodes", 5: "fragmentation", 6: "UTF-8",
    7: "closing", 9: "limits and performance", 10: "fragments and auto-fragmentation",
    12: "compression, payloads", 13: "compression, offers",
}
GOOD = ("OK", "INFORMATIONAL", "NON-STRICT")


def verdict(case):
    """The worse of what the suite says of the messages and of the close."""
    for part in (case["behavior"], case["behaviorClose"]):
        if part not in GOOD:
            return "FAILED"
    return case["behavior"]


def main():
    with open(sys.argv[1], encoding="utf-8") as report:
        (cases,) = json.load(report).values()
    counts = collections.defaultdict(collections.Counter)
    for name, case in cases.items():
        counts[int(name.split(".")[0])][verdict(case)] += 1
    columns = (*GOOD, "FAILED")
    print(f"{'section':<38}" + "".join(f"{column:>15}" for column in columns))
    for section in sorted(counts):
        title = f"{section} {SECTIONS.get(section, '')}"
        print(f"{title:<38}" + "".join(f"{counts[section][column]:>15}" for column in columns))
    total = sum(counts.values(), collections.Counter())
    print(f"{f'all {len(cases)} cases':<38}" + "".join(f"{total[column]:>15}" for column in columns))
    for name, case in sorted(cases.items()):
        if verdict(case) == "FAILED":
            print(f"{name}: {case['behavior']}, closed {case['behaviorClose']}")
    sys.exit(1 if total["FAILED"] or len(cases) < int(sys.argv[2]) else 0)


main()
