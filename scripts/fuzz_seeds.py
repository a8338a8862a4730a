"""What each fuzz target begins with: seeds from files that the project has anyway, and the words
in them as a dictionary. A target is told what it gets in SEEDS."""

import json
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
EXAMPLES = PROJECT / "schemas/examples"
# libFuzzer takes no longer words.
LONGEST_WORD = 40
# Of a seed, in bytes; what is longer only slows a target down.
LONGEST_SEED = 32 * 1024

# Where whole numbers end, in our types and in others.
NUMBERS = [
    b"-1", b"4294967295", b"4294967296", b"9007199254740991", b"9223372036854775807",
    b"18446744073709551615", b"1e308", b"-0.0", b"NaN", b"null",
]
PYTHON_LISTS = [
    "[]", "None", "[32, 5]", "[ 1 ,-7,\n0, ]", "['one', \"it's two\"]",
    "['\\n\\r\\t\\\\\\'\\\"']", "['\\xe9\\u706f\\U0001f3ee', '灯',]",
    "[9223372036854775807, 99999999999999999999]",
]
# What only YAML has; its fields are words of the seeds.
YAML = [
    b"- ", b": ", b"? ", b"---\n", b"...\n", b"&a ", b"*a", b"!!str ", b"<<: *a", b"|\n  ",
    b">-\n  ", b"%YAML 1.2\n", b"'", b'"', b"~", b"\xef\xbb\xbf", b"\r\n",
]
REQUESTS = ["start-request", "memory-search", "memory-episodes", "memory-stats", "memory-targets",
    "memory-graph", "memory-find", "memory-nodes", "memory-edges", "memory-node",
    "memory-statistics", "memory-timeline"]
RECORDS = [
    "journal", "env-status", "reply", "dead-letter", "live-action", "live-omitted", "log-line",
    "node-info", "start-answer", "memory-search-answer", "memory-episodes-answer",
    "memory-stats-answer", "memory-targets-answer", "memory-graph-answer",
    "memory-find-answer", "memory-nodes-answer", "memory-edges-answer", "memory-node-answer",
    "memory-statistics-answer", "memory-timeline-answer",
]


def files(*patterns):
    """The contents of the files of the project that match."""
    paths = [path for pattern in patterns for path in sorted(PROJECT.glob(pattern))]
    return [path.read_bytes() for path in paths if path.is_file()]


def examples(*messages):
    """The examples of these messages, right and wrong ones, without blanks; and the right ones
    with each of their numbers at an edge, where a mutation of bytes hardly gets."""
    bodies = []
    for message in messages:
        for path in sorted((EXAMPLES / message).glob("*/*.json")):
            value = json.loads(path.read_text(encoding="utf-8"))
            bodies.append(compact(value))
            if path.parent.name == "valid":
                bodies.extend(compact(changed) for changed in at_edges(value))
    return bodies


def at_edges(value):
    """The values that differ in one number, which is as large as it can be in 32 or 64 bits."""
    if isinstance(value, dict):
        for key, field in value.items():
            yield from ({**value, key: changed} for changed in at_edges(field))
    elif isinstance(value, list):
        for index, element in enumerate(value):
            for changed in at_edges(element):
                yield [*value[:index], changed, *value[index + 1 :]]
    elif isinstance(value, int) and not isinstance(value, bool):
        yield from (2**32 - 1, 2**64 - 1)


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def commands():
    """Commands below the subjects that they would come on."""
    seeds = []
    for body in examples("command"):
        command = json.loads(body)
        verb = command.get("verb") if isinstance(command, dict) else None
        stream = "questions" if verb == "interview" else "commands"
        name = command.get("command_id") if isinstance(command, dict) else None
        subject = f"sim.{stream}.night-market-1.{verb}.cli.{name}"
        seeds.append(subject.encode() + b"\n" + body)
    return seeds


def simulations():
    """Files of people who write by hand: samples, the manual's, and wrong ones."""
    manual = (PROJECT / "docs/simulation-yaml.md").read_bytes()
    blocks = re.findall(rb"^```yaml\n(.+?)^```$", manual, re.MULTILINE | re.DOTALL)
    broken = "crates/intake/tests/broken/*/simulation.yaml"
    return blocks + files("samples/*/simulation.yaml", broken)


def frames():
    """A world's frames: all of them, and each by itself."""
    story = (PROJECT / "schemas/digest/frames.jsonl").read_bytes()
    return [story, *story.splitlines(), *examples("frame")]


# By target. Where there are more ways in, they get their line here.
SEEDS = {
    "intake_config": lambda: files("fuzz/folder/*config.json", "samples/*/simulation_config.json"),
    "intake_twitter_csv": lambda: files("fuzz/folder/*.csv", "samples/*/twitter_profiles.csv"),
    "intake_reddit_json": lambda: files("fuzz/folder/reddit*", "samples/*/reddit_profiles.json"),
    "intake_python_list": lambda: [text.encode() for text in PYTHON_LISTS],
    "intake_yaml": simulations,
    "contract_command": commands,
    "contract_requests": lambda: examples(*REQUESTS),
    "contract_records": lambda: examples(*RECORDS),
    "contract_spec": lambda: examples("spec"),
    "contract_frame": frames,
    # Bytes that only a world can write: the target adds them.
    "world_snapshot": lambda: [],
}
# Words for the dictionary of a target that are no whole words of its seeds.
SYNTAX = {"intake_yaml": YAML}


def write(target, folder):
    """Writes a target's seeds into a folder, and beside it its dictionary; gives the path of
    that, or None where there are no words."""
    seeds = [seed for seed in SEEDS[target]() if len(seed) <= LONGEST_SEED]
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    words = sorted({word for seed in seeds for word in words_of(seed)})
    if not words:
        return None
    dictionary = folder.parent / f"{target}.dict"
    lines = [f'"{escape(word)}"\n' for word in [*NUMBERS, *SYNTAX.get(target, []), *words]]
    dictionary.write_text("".join(lines), encoding="ascii")
    return dictionary


def words_of(seed):
    """The keys and short texts of JSON documents, one of which may stand on each line; and of
    anything else the words of its first line (a subject, the header of a CSV) and the names of
    fields as YAML has them."""
    try:
        return list(words_in(json.loads(seed)))
    except ValueError:
        pass
    first, *rest = seed.split(b"\n")
    words = re.findall(rb"^[ -]*([a-z_]+:) ", seed, re.MULTILINE)
    words += [word for word in first.replace(b".", b",").split(b",") if len(word) > 1]
    for line in rest:
        try:
            words.extend(words_in(json.loads(line)))
        except ValueError:
            pass
    return [word for word in words if len(word) <= LONGEST_WORD]


def words_in(value):
    if isinstance(value, dict):
        for key, field in value.items():
            yield from words_in(key)
            yield from words_in(field)
    elif isinstance(value, list):
        for element in value:
            yield from words_in(element)
    elif isinstance(value, str):
        word = value.encode()
        if 1 < len(word) <= LONGEST_WORD:
            yield b'"' + word + b'"'


def escape(word):
    plain = set(range(0x20, 0x7F)) - set(b'"\\')
    return "".join(chr(byte) if byte in plain else f"\\x{byte:02x}" for byte in word)
