"""Checks what the owners of a run have left in its journals and frames, with nats-py and nothing
of ours.

Usage: ownership.py NATS_URL RUN UNDISTURBED
  Both runs are over, and UNDISTURBED is one of the same spec that nothing happened to. Fails where
  - the claims of a journal are not 1, 2, 3, ..., a record has another epoch than the claim before
    it, or its ticks are not 0, 1, 2, ...;
  - ticks, parts or seqs of frames have a gap or a repetition;
  - a frame of an older epoch comes after one of a newer, or was not journalled before the claim
    that ended its epoch;
  - a frame's digest differs from the undisturbed one, or there are fewer of them.
  Prints, by platform, the epochs and how many frames of an older epoch were stored after a claim.

Usage: ownership.py NATS_URL RUN watch
  Follows env-status from now until the run is completed; fails where its epoch goes back.
"""

import asyncio
import json
import sys

import nats


async def read_all(stream, subject):
    messages = await stream.subscribe(subject, ordered_consumer=True)
    found = []
    while not found or found[-1].metadata.num_pending > 0:
        found.append(await messages.next_msg(timeout=30))
    await messages.unsubscribe()
    return [(message, json.loads(message.data)) for message in found]


def expect(holds, *words):
    if not holds:
        sys.exit(" ".join(str(word) for word in words))


def check_journal(subject, messages):
    """The claims by epoch, and for each tick the epoch that journalled it."""
    claims, ticks, epoch = {}, [], 0
    for message, entry in messages:
        record, at = entry["record"], f"{subject} {message.metadata.sequence.stream}:"
        if record["type"] == "genesis":
            expect(message is messages[0][0], at, "a second genesis")
            continue
        if record["type"] == "claim":
            epoch += 1
            claims[epoch] = message
        expect(record["epoch"] == epoch, at, record["type"], "of", record["epoch"], "in", epoch)
        header = message.headers["Shoal-Epoch"]
        expect(header == str(epoch), at, "header", header, "in", epoch)
        if record["type"] == "tick":
            expect(record["tick"] == len(ticks), at, "tick", record["tick"], "is not", len(ticks))
            ticks.append(epoch)
    return claims, ticks


def check_frames(subject, messages, claims, ticks):
    """The digest of each tick, and how many frames came after their epoch."""
    digests, late, newest, part, seq = [], 0, 0, 0, 1
    for message, frame in messages:
        at = f"{subject} {message.metadata.sequence.stream}:"
        epoch, tick = int(message.headers["Shoal-Epoch"]), frame["tick"]
        expect(epoch >= newest, at, "a frame of", epoch, "after one of", newest)
        newest = epoch
        if part == 0:
            digests.append(frame["digest"])
            expect(frame["first_seq"] == seq, at, "first seq", frame["first_seq"], "is not", seq)
        expect(tick == len(digests) - 1, at, "tick", tick, "is not", len(digests) - 1)
        expect(frame["part"] == part + 1, at, "part", frame["part"], "is not", part + 1)
        part = frame["part"] % frame["parts"]
        for action in frame["actions"]:
            expect(action["seq"] == seq, at, "seq", action["seq"], "is not", seq)
            seq += 1
        expect(ticks[tick] <= epoch, at, "tick", tick, "of", ticks[tick], "published by", epoch)
        successor = claims.get(epoch + 1)
        if successor and successor.metadata.timestamp < message.metadata.timestamp:
            late += 1
    expect(part == 0 and len(digests) == len(ticks), subject, "lacks frames")
    return digests, late


async def check(stream, run, undisturbed):
    found = {}
    genesis = await read_all(stream, f"sim.inputs.{run}.>")
    for platform in sorted({message.subject.split(".")[-1] for message, _ in genesis}):
        journal = f"sim.inputs.{run}.{platform}"
        claims, ticks = check_journal(journal, await read_all(stream, journal))
        actions = f"sim.actions.{run}.{platform}"
        digests, late = check_frames(actions, await read_all(stream, actions), claims, ticks)
        whole = await read_all(stream, f"sim.actions.{undisturbed}.{platform}")
        whole = [frame["digest"] for _, frame in whole if frame["part"] == 1]
        for tick, (ours, theirs) in enumerate(zip(digests, whole)):
            expect(ours == theirs, actions, "tick", tick, "is not the undisturbed one")
        expect(len(digests) == len(whole), actions, "has", len(digests), "of", len(whole), "ticks")
        found[platform] = {"epochs": len(claims), "late": late}
    print(json.dumps(found))


async def watch(stream, run):
    states = await stream.subscribe(f"sim.env-status.{run}", ordered_consumer=True)
    print("watching", flush=True)
    epoch, status = 0, None
    while status != "completed":
        message = await states.next_msg(timeout=90)
        state = json.loads(message.data)
        expect(state["epoch"] >= epoch, run, "went from epoch", epoch, "to", state["epoch"])
        epoch, status = state["epoch"], state["status"]


async def main(url, run, wish):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    await (watch(stream, run) if wish == "watch" else check(stream, run, wish))
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
