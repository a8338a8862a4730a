#!/usr/bin/env python3
"""Writes docs/realism.md: what agents did and said in real inputs, and where it shows.

Plays each FOLDER with the program `realism` (built by `make realism`) and writes the page
from what it printed. A folder with OASIS's bare profile files is made into simulations first.
Without a FOLDER: samples/lantern-pier and, where they are, ../shared/samples/tramline and
../shared/samples/oasis.

Exit codes: 0 written, 1 written but something is wrong with what agents said (one of them
repeats itself, or the notes quote what nobody said), 2 an input cannot be played and nothing
was written.
"""

import argparse
import re
import sys
from pathlib import Path

import realism_figures
import realism_inputs
import realism_page
import realism_world
from services import PROJECT, program_path

PAGE = PROJECT / "docs" / "realism.md"
NOTES = PROJECT / "docs" / "realism-notes.md"
SHARED = PROJECT.parent / "shared" / "samples"
DEFAULT = (PROJECT / "samples" / "lantern-pier", SHARED / "tramline", SHARED / "oasis")
SEED = 1
# How the notes quote an agent, in a paragraph of its own: > *input, platform, name:* words
QUOTED = re.compile(r"^> \*(.+?), (twitter|reddit), (.+?):\* (.+)$", re.MULTILINE | re.IGNORECASE)


def main():
    arguments = parse_arguments()
    folders = arguments.folders or [folder for folder in DEFAULT if folder.is_dir()]
    try:
        with realism_inputs.inputs(folders) as inputs:
            worlds = {
                source.name: realism_world.play(arguments.program, source, SEED)
                for source in inputs
            }
            notes = NOTES.read_text(encoding="utf-8")
            page = realism_page.page(inputs, worlds, notes, SEED)
        arguments.output.write_text(page, encoding="utf-8")
    except (realism_world.Failed, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 2
    problems = [problem for played in worlds.values() for problem in repetitions(played)]
    problems += unsaid(notes, worlds)
    for problem in problems:
        print(f"error: {problem}", file=sys.stderr)
    return 1 if problems else 0


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--program", type=Path, default=program_path("realism"), help="where `realism` is"
    )
    parser.add_argument(
        "--output", type=Path, default=PAGE, help="the page to write; default: docs/realism.md"
    )
    return parser.parse_args()


def repetitions(worlds):
    """What some agent said twice on one platform, in words."""
    return [
        f"{author} wrote twice in {world.name} on {world.platform}: {text}"
        for world in worlds
        for author, text in realism_figures.repeated(world)
    ]


def unsaid(notes, worlds):
    """What the notes let agents say that these never said; inputs that were not played pass."""
    problems = []
    for name, platform, author, words in QUOTED.findall(notes.replace("\\_", "_")):
        texts = [
            text
            for world in worlds.get(name, []) if world.platform == platform.lower()
            for text in spoken(world, author)
        ]
        if name in worlds and not any(words in text for text in texts):
            problems.append(f"docs/realism-notes.md quotes what {author} never said: {words}")
    return problems


def spoken(world, author):
    """All that an agent wrote or answered."""
    written = [said.text for said in world.texts if said.author == author]
    return written + [row["answer"] for row in world.answers if row["agent_name"] == author]


if __name__ == "__main__":
    sys.exit(main())
