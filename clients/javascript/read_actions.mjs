// Prints every action of a run, once and in order, as JSON lines, until all of its worlds are over.
//
//     node read_actions.mjs RUN [STATE]
//
// With STATE, a file, it goes on where an earlier call has ended, or was killed.

import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, usage } from "./connection.mjs";

const [run, state] = usage("usage: read_actions.mjs RUN [STATE]", [1, 2]);
const place = state && existsSync(state)
  ? JSON.parse(readFileSync(state, "utf8"))
  : { last: {}, platforms: null, over: [] };

const connection = await connect();
// A consumer of our own, which the server forgets when nobody asks it for half a minute. (Guests may
// not ask about the account, so it is not checked.)
const manager = await jetstreamManager(connection, { checkAPI: false });
const name = `reader_${randomUUID().replaceAll("-", "")}`;
await manager.consumers.add("SIM_ACTIONS", {
  name,
  filter_subject: `sim.actions.${run}.>`,
  ack_policy: AckPolicy.None,
  inactive_threshold: 30_000_000_000,
});
const consumer = await jetstream(connection).consumers.get("SIM_ACTIONS", name);
while (!isOver()) {
  for await (const message of await consumer.fetch({ max_messages: 64, expires: 5_000 })) {
    take(message.json());
  }
  save();
}
await connection.close();

// Prints what is new in a frame, or a part of one.
function take(frame) {
  const world = `${frame.run_id}.${frame.platform}`;
  let last = place.last[world] ?? 0;
  for (const action of frame.actions) {
    if (action.seq <= last) continue;
    if (action.seq !== last + 1) {
      throw new Error(`${world}: action ${action.seq} came after ${last}`);
    }
    last = action.seq;
    console.log(JSON.stringify({ id: `${world}.${last}`, round: frame.round, ...action }));
  }
  place.last[world] = last;
  if (frame.options) place.platforms = frame.options.platforms;
  if (frame.markers.some((marker) => marker.type === "simulation_end")) {
    place.over = [...new Set([...place.over, frame.platform])];
  }
}

function isOver() {
  return place.platforms !== null && place.platforms.every((one) => place.over.includes(one));
}

// What is printed is known before the place is; after a crash the last frames are told again.
function save() {
  if (!state) return;
  writeFileSync(`${state}.new`, JSON.stringify(place));
  renameSync(`${state}.new`, state);
}
