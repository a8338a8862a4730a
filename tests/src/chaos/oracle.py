"""Is anything lost, or there twice? Reads everything that Shoal has stored, with nats-py, and
the memory's file, and prints each violation as one line: which run, where, what was expected.

    oracle.py NATS_URL MEMORY_FILE KNOWN DIGEST_FOLDER

KNOWN is a JSON file: `twins` (the undisturbed run of each simulation), `stored` (the subjects
of commands that the server said are stored), `accepted` (runs that a launcher said are there).
DIGEST_FOLDER holds check.py, which knows how a digest is made. The last line of the output is
a JSON object of what was read.
"""

import asyncio
import collections
import contextlib
import json
import pathlib
import sqlite3
import sys

import nats

NOT_REMEMBERED = ("DO_NOTHING", "REFRESH")
NOT_LISTED = ("REFRESH",)

violations = []


def expect(place, what, found, due):
    if found != due:
        violations.append(f"{place}: {what} is {found!r}, expected {due!r}"[:600])
    return found == due


async def read(jetstream, stream):
    """All messages of a stream, in order: subject, body."""
    state = (await jetstream.stream_info(stream)).state
    messages = []
    if state.messages == 0:
        return messages
    subscription = await jetstream.subscribe(">", stream=stream, ordered_consumer=True)
    while True:
        message = await subscription.next_msg(timeout=30)
        messages.append((message.subject, json.loads(message.data)))
        if message.metadata.num_pending == 0:
            await subscription.unsubscribe()
            return messages


class World:
    """What the frames of one run and platform add up to."""

    def __init__(self, checker):
        self.last, self.partial, self.checker = checker.BEFORE_TICK_0, None, checker
        self.succeeded, self.listed, self.memorable, self.seen = 0, 0, {}, collections.Counter()
        self.contents = collections.Counter()

    def take(self, place, part):
        place = f"{place} tick {part['tick']}"
        due = self.last["tick"] + 1
        if not expect(place, "tick of the next frame", part["tick"], due) and part["tick"] < due:
            return  # The same again: what follows is held to the first.
        expect(place, "part", part["part"], self.partial["part"] + 1 if self.partial else 1)
        actions = (self.partial["actions"] if self.partial else []) + part["actions"]
        frame = {**(self.partial or part), "part": part["part"], "actions": actions}
        if frame["part"] < frame["parts"]:
            self.partial = frame
        else:
            self.partial = None
            self.whole(place, frame)

    def whole(self, place, frame):
        last = self.last
        expect(place, "first_seq", frame["first_seq"], last["first_seq"] + len(last["actions"]))
        expect(place, "previous_digest", frame["previous_digest"], last["digest"])
        expect(place, "digest", frame["digest"], self.checker.digest_of(frame))
        for due, action in enumerate(frame["actions"], frame["first_seq"]):
            expect(place, "seq", action["seq"], due)
            self.seen[action["seq"]] += 1
            kind = action["action_type"]
            if action["success"]:
                self.succeeded += 1
                self.listed += kind not in NOT_LISTED
                if kind not in NOT_REMEMBERED:
                    self.memorable[action["seq"]] = action
                if kind == "CREATE_POST":
                    self.contents[action["action_args"]["content"]] += 1
        self.last = frame


def read_frames(messages, checker):
    worlds = {}
    for subject, part in messages:
        run, platform = subject.split(".")[2:]
        place = f"{run} {platform}"
        world = worlds.setdefault((run, platform), World(checker))
        expect(place, "run and platform of a frame", [part["run_id"], part["platform"]],
               [run, platform])
        world.take(place, part)
    for (run, platform), world in worlds.items():
        place = f"{run} {platform}"
        expect(place, "parts of an unfinished frame", (world.partial or {}).get("part", 0), 0)
        twice = [seq for seq, count in world.seen.items() if count > 1]
        expect(place, "actions that are there twice", twice, [])
        count = world.last["first_seq"] + len(world.last["actions"]) - 1
        expect(place, "seqs", sorted(world.seen), list(range(1, count + 1)))
    return worlds


class Journal:
    """What one journal has said so far."""

    def __init__(self):
        self.genesis, self.epoch, self.ticks, self.end = None, 0, 0, None
        self.commands = collections.Counter()

    def take(self, place, record):
        kind = record["type"]
        if kind == "genesis":
            expect(place, "a genesis that is not the first record", self.genesis, None)
            self.genesis = record
            return
        if kind == "claim":
            expect(place, "epoch of a claim", record["epoch"], self.epoch + 1)
            self.epoch = max(self.epoch, record["epoch"])
            return
        place = f"{place} tick {record.get('tick', self.ticks)}"
        expect(place, f"epoch of a {kind}", record["epoch"], self.epoch)
        if kind == "tick":
            expect(place, "tick of the next record", record["tick"], self.ticks)
            self.ticks = max(self.ticks, record["tick"] + 1)
        self.end = record if kind == "end" else None if kind == "go" else self.end
        command = record.get("command")
        for taken in record.get("commands", []) + ([command] if command else []):
            self.commands[taken["sequence"]] += 1


def read_journals(messages):
    journals = {}
    for subject, entry in messages:
        run, platform = subject.split(".")[2:]
        journal = journals.setdefault((run, platform), Journal())
        journal.take(f"{run} {platform} journal", entry["record"])
    for (run, platform), journal in journals.items():
        place = f"{run} {platform} journal"
        twice = [sequence for sequence, count in journal.commands.items() if count > 1]
        expect(place, "commands that were taken twice", twice, [])
        expect(place, "a genesis", bool(journal.genesis), True)
    return journals


def played(journal):
    """What a world's bytes follow from, but for its commands."""
    genesis = journal.genesis or {}
    options = {**genesis.get("options", {}), "pace_milli": 0}
    return genesis.get("spec_digest"), options, genesis.get("rules")


def check_worlds(worlds, journals, twins, injected):
    expect("all runs", "journals without frames", sorted(set(journals) - set(worlds)), [])
    expect("all runs", "frames without a journal", sorted(set(worlds) - set(journals)), [])
    for (run, platform), world in worlds.items():
        place = f"{run} {platform}"
        journal = journals.get((run, platform), Journal())
        expect(place, "ticks in frames", world.last["tick"] + 1, journal.ticks)
        name = (twins.get(run.rpartition("-")[0]), platform)
        twin = worlds.get(name)
        if twin and run not in injected and played(journals[name]) == played(journal):
            last = f"{place} tick {world.last['tick']}"
            expect(last, "the last tick", world.last["tick"], twin.last["tick"])
            expect(last, "the last digest", world.last["digest"], twin.last["digest"])


def check_commands(commands, replies, stored):
    """One reply for each command, none for none."""
    due = collections.Counter()
    for subject in commands:
        _, _, run, _, client, command = subject.split(".")
        due[f"sim.replies.{client}.{run}.{command}"] += 1
    found = collections.Counter(subject for subject, _ in replies)
    for subject in due | found:
        expect(subject, "the number of replies", found[subject], due[subject])
    lost = sorted(set(stored) - set(commands))
    expect("commands", "those that were acknowledged and are not there", lost, [])


def check_injected(commands, replies, worlds):
    """An injected post appears once in each world that took it."""
    answers = dict(replies)
    for subject, command in commands:
        if command["verb"] != "inject":
            continue
        _, _, run, _, client, number = subject.split(".")
        outcome = answers.get(f"sim.replies.{client}.{run}.{number}", {}).get("outcome", {})
        ticks = (outcome.get("result") or {}).get("ticks", [])
        for post in command["args"]["posts"]:
            for at in ticks:
                world = worlds.get((run, at["platform"]))
                count = world.contents[post["content"]] if world else 0
                place = f"{run} {at['platform']} tick {at['tick']}"
                expect(place, f"appearances of {post['content']!r}", count, 1)


def check_statuses(statuses, worlds, journals, accepted):
    for run in accepted:
        expect(run, "a status of a run that was accepted", run in statuses, True)
    for run, status in statuses.items():
        reason = status.get("reason")
        expect(run, "status", status["status"], "completed")
        expect(run, "alive", status["alive"], True)
        expect(run, "reason", reason, None)
        epochs = [j.epoch for (of, _), j in journals.items() if of == run]
        expect(run, "epoch of the status", status["epoch"], max(epochs, default=0))
        for entry in status["platforms"]:
            place = f"{run} {entry['platform']}"
            world = worlds.get((run, entry["platform"]))
            if not world:
                violations.append(f"{place}: no frames, expected {entry['ticks']}")
                continue
            expect(place, "status", entry["status"], "completed")
            due = {
                "ticks": world.last["tick"] + 1,
                "rounds": world.last["tick"],
                "actions": world.last["first_seq"] + len(world.last["actions"]) - 1,
                "succeeded": world.succeeded,
                "listed": world.listed,
                "memorable": len(world.memorable),
                "digest": world.last["digest"],
            }
            expect(f"{place} status", "total", {name: entry[name] for name in due}, due)
            journal = journals.get((run, entry["platform"]))
            outcome = journal and journal.end and journal.end["outcome"]
            expect(f"{place} journal", "outcome", outcome, "completed")


def check_memory(path, worlds):
    """Each memorable action once, none else."""
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as memory:
        rows = memory.execute("SELECT run || '.' || platform || '.' || seq, run, platform,"
                              " body_json, text FROM episode JOIN world ON world.id = world"
                              " ORDER BY episode.id").fetchall()
        totals = memory.execute("SELECT run, platform, sum(episodes) FROM episode_total"
                                " GROUP BY run, platform").fetchall()
        texts = sum(memory.execute("SELECT count(*) FROM episode_fts WHERE episode_fts MATCH ?",
                                   [f"tags : w{world}"]).fetchone()[0]
                    for world, in memory.execute("SELECT id FROM world").fetchall())
    found, last = collections.Counter(), {}
    due = {f"{run}.{platform}.{seq}": action for (run, platform), world in worlds.items()
           for seq, action in world.memorable.items()}
    for action_id, run, platform, body, text in rows:
        found[action_id] += 1
        seq = int(action_id.rpartition(".")[2])
        place = f"memory {action_id}"
        expect(place, "order of seqs", seq > last.get((run, platform), 0), True)
        last[run, platform] = seq
        if action_id in due:
            expect(place, "the action", json.loads(body), due[action_id])
            name = due[action_id]["agent_name"]
            expect(place, "beginning of the text", text[:len(name) + 2], f"{name}: ")
    missing = collections.defaultdict(list)
    for action_id in sorted(found.keys() | due.keys()):
        if action_id in due and not found[action_id]:
            world, _, seq = action_id.rpartition(".")
            missing[world].append(int(seq))
        else:
            expect(f"memory {action_id}", "number of episodes", found[action_id],
                   int(action_id in due))
    # A memory that stands still misses all that follows: one line, not one for each.
    for world, seqs in missing.items():
        violations.append(f"memory {world}: {len(seqs)} actions are not there, expected all, the"
                          f" first is {min(seqs)} and the last is {max(seqs)}")
    expect("memory", "number of texts to be searched", texts, len(rows))
    for run, platform, count in totals:
        world = worlds.get((run, platform))
        expect(f"memory {run} {platform}", "total", count, len(world.memorable) if world else 0)
    return len(rows)


async def main(url, memory, known, digest_folder):
    sys.path.insert(0, digest_folder)
    import check as checker

    known = json.loads(pathlib.Path(known).read_text())
    connection = await nats.connect(url)
    jetstream = connection.jetstream()
    actions, inputs, statuses, commands, questions, replies = [
        await read(jetstream, f"SIM_{name}") for name in
        ("ACTIONS", "INPUTS", "ENV_STATUS", "COMMANDS", "QUESTIONS", "REPLIES")]
    await connection.close()
    worlds, journals = read_frames(actions, checker), read_journals(inputs)
    asked = commands + questions
    injected = {subject.split(".")[2] for subject, command in commands
                if command["verb"] == "inject"}
    check_worlds(worlds, journals, known["twins"], injected)
    check_commands([subject for subject, _ in asked], replies, known["stored"])
    check_injected(commands, replies, worlds)
    runs = {subject.split(".")[2]: status for subject, status in statuses}
    check_statuses(runs, worlds, journals, known["accepted"])
    episodes = check_memory(memory, worlds)
    for violation in violations[:200]:
        print(violation)
    print(json.dumps({
        "runs": len(runs),
        "frames": len(actions),
        "actions": sum(sum(world.seen.values()) for world in worlds.values()),
        "records": len(inputs),
        "claims": sum(journal.epoch for journal in journals.values()),
        "commands": len(asked),
        "episodes": episodes,
        "violations": len(violations),
    }))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
