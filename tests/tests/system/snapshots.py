"""Lists, copies, damages and removes the snapshots of a world, with nats-py.

Usage: snapshots.py NATS_URL RUN PLATFORM list | copy COUNT | damage | purge
  list    prints the sequence of the last message of each that is complete, as JSON
  copy    stores the newest one again, COUNT times
  damage  stores it with a byte that is not its digest's, then with a byte that is not the
          world's under a digest that is right, then without its last part
  purge   removes all
"""

import asyncio
import hashlib
import json
import sys

import nats

STREAM = "SIM_SNAPSHOTS"
PART_SIZE = 256 * 1024


async def messages(stream, subject):
    found = []
    info = await stream.stream_info(STREAM, subjects_filter=subject)
    count = (info.state.subjects or {}).get(subject, 0)
    if count > 0:
        reader = await stream.subscribe(subject, ordered_consumer=True)
        while len(found) < count:
            message = await reader.next_msg(timeout=30)
            found.append(message)
            if message.metadata.num_pending == 0:
                break
        await reader.unsubscribe()
    return found


def objects(found):
    """The bodies and the last sequence of each that has all of its parts, in order."""
    whole, parts = [], []
    for message in found:
        headers = message.headers or {}
        number = int(headers.get("Shoal-Part", 0))
        parts = [message] if number == 1 else [*parts, message]
        if number > 0 and number == int(headers["Shoal-Parts"]) == len(parts):
            body = b"".join(part.data for part in parts)
            whole.append((body, message.metadata.sequence.stream))
    return whole


async def store(stream, subject, body, digest, leave_out=0):
    parts = [body[at : at + PART_SIZE] for at in range(0, len(body), PART_SIZE)]
    for number, part in enumerate(parts[: len(parts) - leave_out], 1):
        headers = {"Shoal-Part": number, "Shoal-Parts": len(parts), "Shoal-Digest": digest}
        headers = {name: str(value) for name, value in headers.items()}
        await stream.publish(subject, part, headers=headers)


async def main(url, run, platform, wish, count="1"):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    subject = f"sim.snapshots.{run}.{platform}"
    if wish == "purge":
        await stream.purge_stream(STREAM, subject=subject)
    else:
        whole = objects(await messages(stream, subject))
        if wish == "list":
            print(json.dumps([last for _, last in whole]))
        else:
            body = whole[-1][0]
            digest = hashlib.sha256(body).hexdigest()
            if wish == "copy":
                for _ in range(int(count)):
                    await store(stream, subject, body, digest)
            else:
                flipped = body[:-1] + bytes([body[-1] ^ 1])
                await store(stream, subject, flipped, digest)
                await store(stream, subject, flipped, hashlib.sha256(flipped).hexdigest())
                longer = body + bytes(PART_SIZE)
                await store(stream, subject, longer, hashlib.sha256(longer).hexdigest(), 1)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
