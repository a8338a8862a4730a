"""Damages the stored frames of a world, with nats-py and nothing of ours.

Usage: past.py NATS_URL RUN PLATFORM HOW TICK
  forge    changes a post's text, or what a marker says, and computes the digest anew
  rechain  the same, and all digests after it, so that the chain is whole again
  drop     leaves the frame of the tick out
  twice    stores it twice
  garbage  stores what is no frame instead
Removes all frames of the world and stores them again, with that difference.
"""

import asyncio
import hashlib
import json
import sys

import nats

STREAM = "SIM_ACTIONS"
DIGESTED = ("platform", "tick", "round", "simulated_time", "first_seq", "markers", "actions")


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def digest_of(frame):
    content = {name: frame[name] for name in DIGESTED}
    text = frame["previous_digest"] + compact(content)
    return hashlib.sha256(text.encode()).hexdigest()


def forge(frame):
    action = next((it for it in frame["actions"] if "content" in it["action_args"]), None)
    if action is None:
        frame["markers"][0]["before_seq"] += 1
    else:
        text = action["action_args"]["content"]
        action["action_args"]["content"] = ("x" if text[0] != "x" else "y") + text[1:]
    frame["digest"] = digest_of(frame)


async def read(stream, subject):
    info = await stream.stream_info(STREAM, subjects_filter=subject)
    reader = await stream.subscribe(subject, ordered_consumer=True)
    count = info.state.subjects[subject]
    return [await reader.next_msg(timeout=30) for _ in range(count)]


async def main(url, run, platform, how, tick):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    subject = f"sim.actions.{run}.{platform}"
    found = await read(stream, subject)
    frames = [json.loads(message.data) for message in found]
    assert all(digest_of(frame) == frame["digest"] for frame in frames), "not as they were"
    bodies = [message.data for message in found]
    place = next(at for at, frame in enumerate(frames) if frame["tick"] == int(tick))
    if how in ("forge", "rechain"):
        forge(frames[place])
        bodies[place] = compact(frames[place]).encode()
    if how == "rechain":
        for at in range(place + 1, len(frames)):
            frames[at]["previous_digest"] = frames[at - 1]["digest"]
            frames[at]["digest"] = digest_of(frames[at])
            bodies[at] = compact(frames[at]).encode()
    if how == "drop":
        del bodies[place]
    if how == "twice":
        bodies.insert(place, bodies[place])
    if how == "garbage":
        bodies[place] = b'{"v":1,'
    await stream.purge_stream(STREAM, subject=subject)
    for body, message in zip(bodies, found + found[-1:]):
        ours = {name: text for name, text in message.headers.items() if name[:5] != "Nats-"}
        await stream.publish(subject, body, headers=ours)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
