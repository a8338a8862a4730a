"""Asks a run many questions at once, with nats-py and nothing of ours.

Usage: flood.py NATS_URL RUN COUNT AGENTS. Publishes COUNT interviews without waiting for any, and
prints how many replies there were, how many of them answers, and how many stand in the stream twice.
"""

import asyncio
import json
import sys

import nats

CLIENT = "flood"


async def main(url, run, count, agents):
    connection = await nats.connect(url)
    stream = connection.jetstream(publish_async_max_pending=count)
    replies = await stream.subscribe(f"sim.replies.{CLIENT}.{run}.*", ordered_consumer=True)

    def question(number):
        args = {"agent_id": number % agents, "prompt": f"What now, {number}?"}
        body = {"v": 1, "command_id": f"f{number}", "verb": "interview", "args": args,
                "issued_at": "2026-03-01T10:00:00Z"}
        subject = f"sim.questions.{run}.interview.{CLIENT}.f{number}"
        return stream.publish(subject, json.dumps(body).encode())

    await asyncio.gather(*(question(number) for number in range(count)))
    seen, answered, repeated = set(), 0, 0
    while len(seen) < count:
        reply = json.loads((await replies.next_msg(timeout=60)).data)
        repeated += reply["command_id"] in seen
        seen.add(reply["command_id"])
        answered += reply["outcome"]["status"] == "completed"
    print(json.dumps({"replies": len(seen), "answered": answered, "repeated": repeated}))
    await connection.close()


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
