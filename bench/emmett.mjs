// npm emmett-postgresql, driven by its own client; speaks the protocol of bench/child.py.
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { getPostgreSQLEventStore, readMessagesBatch } from "@event-driven-io/emmett-postgresql";
import { dumbo } from "@event-driven-io/dumbo";
import pg from "pg";

const job = JSON.parse(process.argv[2]);
const say = (line) => process.stdout.write(`${line}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const hex = (value, width) => value.toString(16).padStart(width, "0");

function streamId(worker, number) {
  const moment = hex(Date.now(), 12);
  return `${moment.slice(0, 8)}-${moment.slice(8)}-7${hex(worker, 3)}-8000-${hex(number, 12)}`;
}

function event(stream) {
  return {
    type: job.event_type,
    data: { ...job.data, claim_id: stream },
    metadata: {
      ...job.metadata,
      correlation: stream,
      causation: stream,
      traceparent: `00-${stream.replaceAll("-", "")}-00f067aa0ba902b7-01`,
    },
  };
}

const pool = new pg.Pool({ connectionString: job.target, max: job.concurrency, min: job.concurrency });
const store = getPostgreSQLEventStore(job.target, {
  schema: { autoMigration: "None" },
  connectionOptions: { pool },
});

async function prepare() {
  await store.schema.migrate();
}

async function write() {
  const opened = await Promise.all(Array.from({ length: job.concurrency }, () => pool.connect()));
  for (const connection of opened) connection.release();
  const acknowledged = new Array(job.concurrency).fill(0);
  const taken = [];
  let events = 0;
  const opens = performance.now() + job.warmup_s * 1000;
  const closes = opens + job.seconds * 1000;
  const worker = async (index) => {
    while (performance.now() < closes) {
      const stream = streamId(index, acknowledged[index]);
      const begun = performance.now();
      await store.appendToStream(`${job.category}-${stream}`, [event(stream)], {
        expectedStreamVersion: "STREAM_DOES_NOT_EXIST",
      });
      const done = performance.now();
      acknowledged[index] += 1;
      if (done > opens && done <= closes) {
        events += 1;
        taken.push(done - begun);
      }
    }
  };
  await Promise.all(acknowledged.map((_, index) => worker(index)));
  taken.sort((a, b) => a - b);
  const at = (share) => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))] ?? 0;
  say(JSON.stringify({ acknowledged, events, seconds: job.seconds, p50_ms: at(0.5), p99_ms: at(0.99) }));
}

// The cursor is the last global position of a batch, as in the package's own consumer.
async function tail() {
  const reader = dumbo({ connectionString: job.target, pool });
  const delivered = [];
  let expected = Infinity;
  let heard = performance.now();
  createInterface({ input: process.stdin }).once("line", (line) => {
    expected = Number(line);
    heard = performance.now();
  });
  let after = 0n;
  say("ready");
  while (delivered.length < expected && (expected === Infinity || performance.now() - heard < job.quiet_s * 1000)) {
    const batch = await readMessagesBatch(reader.execute, { after, batchSize: job.page });
    for (const { metadata } of batch.messages) delivered.push(`${metadata.streamName} ${metadata.globalPosition}`);
    after = batch.currentGlobalPosition;
    if (batch.messages.length > 0) heard = performance.now();
    else await pause(job.idle_poll_s * 1000);
  }
  writeFileSync(job.delivered_file, delivered.join("\n"));
  say("done");
}

await { prepare, write, tail }[job.role]();
await store.close();
await pool.end();
process.exit(0);
