#!/usr/bin/env python3
"""Checks frames: no part, tick or seq is missing, and every digest follows from its content.

    check.py [FILE]     one message per line, as stored; without FILE from standard input

Prints the last digest of each world. At the first mismatch says which tick, and exits 1.
"""

import hashlib
import json
import sys

COVERED = ("platform", "tick", "round", "simulated_time", "first_seq", "markers", "actions")
BEFORE_TICK_0 = {"tick": -1, "first_seq": 1, "actions": [], "digest": "0" * 64}


def digest_of(frame):
    content = {name: frame[name] for name in COVERED}
    compact = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((frame["previous_digest"] + compact).encode()).hexdigest()


def expect(what, found, due):
    if found != due:
        raise ValueError(f"{what} is {found}, expected {due}")


def join(partial, part):
    """What there is of a frame, after one more part."""
    expect("part", part["part"], partial["part"] + 1 if partial else 1)
    actions = (partial["actions"] if partial else []) + part["actions"]
    return {**(partial or part), "part": part["part"], "actions": actions}


def check(frame, last):
    """Holds a whole frame to its content, and to the frame before it."""
    expect("first_seq", frame["first_seq"], last["first_seq"] + len(last["actions"]))
    for due, action in enumerate(frame["actions"], frame["first_seq"]):
        expect("seq", action["seq"], due)
    expect("previous_digest", frame["previous_digest"], last["digest"])
    expect("digest", frame["digest"], digest_of(frame))


def main():
    worlds = {}  # by name: the last whole frame, and what there is of the next
    for line in open(sys.argv[1], "rb") if sys.argv[1:] else sys.stdin.buffer:
        part = json.loads(line)
        world = f"{part['run_id']}.{part['platform']}"
        last, partial = worlds.get(world, (BEFORE_TICK_0, None))
        try:
            expect("tick", part["tick"], last["tick"] + 1)
            frame = join(partial, part)
            if frame["part"] < frame["parts"]:
                worlds[world] = last, frame
            else:
                check(frame, last)
                worlds[world] = frame, None
        except ValueError as problem:
            sys.exit(f"{world} tick {part['tick']}: {problem}")
    for world, (last, partial) in worlds.items():
        if partial:
            sys.exit(f"{world} tick {partial['tick']}: parts are missing at the end")
        print(f"{world} tick {last['tick']} {last['digest']}")


if __name__ == "__main__":
    main()
