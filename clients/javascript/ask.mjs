// Asks an agent of a run a question, and prints the one reply to it.
//
//     node ask.mjs RUN AGENT QUESTION
//
// Exits with 1 if the reply is a failure.

import { randomUUID } from "node:crypto";
import { jetstream } from "@nats-io/jetstream";
import { connect, usage } from "./connection.mjs";

const PATIENCE = 60_000;

const [run, agent, prompt] = usage("usage: ask.mjs RUN AGENT QUESTION", [3]);
const client = process.env.SHOAL_CLIENT ?? "interviewer";
const id = randomUUID().replaceAll("-", "");
const now = Date.now();
const command = {
  v: 1,
  command_id: id,
  verb: "interview",
  args: { agent_id: Number(agent), prompt },
  issued_at: new Date(now).toISOString(),
  // Nobody waits for an answer after that.
  expires_at: new Date(now + PATIENCE).toISOString(),
};

const connection = await connect();
// First, so that the reply cannot come before somebody listens.
const replies = connection.subscribe(`sim.replies.${client}.${run}.${id}`, {
  max: 1,
  timeout: PATIENCE,
});
const subject = `sim.questions.${run}.interview.${client}.${id}`;
await jetstream(connection).publish(subject, JSON.stringify(command));
let status = "none";
for await (const message of replies) {
  const reply = message.json();
  console.log(JSON.stringify(reply));
  status = reply.outcome.status;
}
await connection.close();
process.exit(status === "completed" ? 0 : 1);
