// Puts jobs (put COUNT CHUNK SIZE, idle COUNT SEED; as host.py) and runs them (worker CONCURRENCY) by BullMQ on Node.
const fs = require('fs');
const { Queue, Worker } = require('bullmq');

const url = new URL(process.env.PEERS_URL);
const connection = { host: url.hostname, port: Number(url.port) };
const trace = process.env.PEERS_TRACE;
const WARM = 20;

const now = () => process.hrtime.bigint();
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function payload(number, putAt = 0n, size = 100) {
  return `${String(number).padStart(12, '0')}:${String(putAt).padStart(20, '0')}:`.padEnd(size, 'x');
}

function work(concurrency) {
  const file = fs.openSync(trace, 'a');
  const worker = new Worker('bench', async (job) => {
    const begun = now();
    const line = Buffer.alloc(24);
    line.writeBigInt64LE(BigInt(job.data.p.slice(0, 12)), 0);
    line.writeBigInt64LE(BigInt(job.data.p.slice(13, 33)), 8);
    line.writeBigInt64LE(begun, 16);
    fs.writeSync(file, line);
  }, { connection: { ...connection, maxRetriesPerRequest: null }, concurrency });
  process.on('SIGTERM', () => worker.close().then(() => process.exit(0)));
}

async function put(queue, count, chunk, size) {
  const add = (text) => queue.add('noop', { p: text });
  const addMany = (texts) => queue.addBulk(texts.map((text) => ({ name: 'noop', data: { p: text } })));
  for (let i = 0; i < WARM; i++) await add(payload(0, 0n, size));
  const payloads = Array.from({ length: count }, (_, i) => payload(i + 1, 0n, size));
  const used = process.cpuUsage();
  const started = now();
  if (chunk) for (let i = 0; i < count; i += chunk) await addMany(payloads.slice(i, i + chunk));
  else for (const text of payloads) await add(text);
  const seconds = Number(now() - started) / 1e9;
  const { user, system } = process.cpuUsage(used);
  return { seconds, cpu: (user + system) / 1e6, extra: WARM };
}

async function idle(queue, count) {
  await queue.add('noop', { p: payload(0) });
  const deadline = Date.now() + 30000;
  while (fs.statSync(trace).size < 24 && Date.now() < deadline) await sleep(50);
  await sleep(500);
  for (let i = 0; i < WARM + count; i++) {
    await sleep(20 + Math.random() * 30);
    await queue.add('noop', { p: payload(i + 1, i >= WARM ? now() : 0n) });
  }
  return { extra: WARM + 1 };
}

async function main() {
  const [command, ...numbers] = process.argv.slice(2);
  if (command === 'worker') return work(Number(numbers[0]));
  const queue = new Queue('bench', { connection });
  await queue.waitUntilReady();
  const found = await (command === 'put' ? put : idle)(queue, ...numbers.map(Number));
  await queue.close();
  console.log(JSON.stringify(found));
}

main().catch((error) => { console.error(error); process.exit(1); });
