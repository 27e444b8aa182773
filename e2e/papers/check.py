#!/usr/bin/env python3
"""Asks an independent validator whether every PDF of a folder is PDF/UA-1 and PDF/A-2a.

    cargo run -p campanella-paper --example samples -- FOLDER
    pip install -r e2e/papers/requirements.txt
    python3 e2e/papers/check.py FOLDER

Exit code 0: all pass. 1: some do not, each with the rules it breaks. 77: the validator is not installed.
"""

import pathlib
import sys

try:
    import page
except ImportError:
    print("skipped: the validator is not installed (pip install -r e2e/papers/requirements.txt)")
    sys.exit(77)

PROFILES = {"PDF/UA-1": page.ValidationProfile.PDF_UA_1, "PDF/A-2a": page.ValidationProfile.PDF_A_2A}


def broken_rules(path: pathlib.Path) -> list[str]:
    """The rules a file breaks, a line each; empty when it passes both profiles."""
    broken = []
    for name, profile in PROFILES.items():
        report = page.validate_pdf(str(path), profile=profile)
        if not report.is_compliant:
            broken += [f"{name}: {failure}" for failure in report.failures]
    return broken


def main() -> int:
    papers = sorted(pathlib.Path(sys.argv[1]).glob("*.pdf")) if len(sys.argv) == 2 else []
    if not papers:
        print("usage: check.py FOLDER, a folder with at least one PDF")
        return 2
    failed = 0
    for path in papers:
        broken = broken_rules(path)
        failed += bool(broken)
        print(f"{'FAIL' if broken else 'ok  '} {path.name}")
        for line in broken:
            print(f"     {line}")
    print(f"{len(papers) - failed} of {len(papers)} papers are {' and '.join(PROFILES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
