// The app in Node of the chaos test. Its channel to hub must never close.
'use strict';
const fs = require('fs');

const [, uuid, generation] = process.env.HUB_INSTANCE.split(':');
const name = `${uuid}-${generation}-${process.pid}`;
const book = fs.openSync(`${process.env.CHAOS_BOOKS}/${name}`, 'a');
const enter = (text) => fs.writeSync(book, text + '\n');

let told = null;
process.on('SIGINT', () => { if (told) told(); told = true; });
process.on('disconnect', () => enter('fault its channel was closed'));
process.on('message', (m) => enter(`got ${m.n}`));
process.on('uncaughtException', (err) => enter(`fault ${err.message}`));
const { pm_id: id, name: app, NODE_APP_INSTANCE: number } = process.env;
enter(`start ${process.pid} ${process.env.HUB_INSTANCE} ${id} ${app} ${number} main mixed`);

// As in account/line.go.
function text(key, n) {
  const kind = (n * 7919 + 13) % 1000;
  let length = 120 + kind % 150;
  if (kind < 4) length = (17 + n % 20) * 4096 + 512;
  else if (kind < 40) length = (1 + n % 3) * 4096 + 512;
  const head = `${key} ${n} `;
  const part = `${key}:${n} `;
  return head + part.repeat(length / part.length + 1).slice(0, length - head.length);
}

const lines = { out: 0, err: 0 };
function say(stream) {
  const n = lines[stream] + 1;
  const to = stream === 'out' ? process.stdout : process.stderr;
  return new Promise((resolve) => to.write(text(`${name}-${stream}`, n) + '\n', (err) => {
    if (err) return enter(`fault line ${n}: ${err.message}`);
    lines[stream] = n;
    enter(`${stream} ${n}`);
    resolve();
  }));
}

function pause() {
  return new Promise((resolve) => { told = resolve; setTimeout(resolve, 15); });
}

(async () => {
  while (told !== true) {
    await say('out');
    if (lines.out % 3 === 0) await say('err');
    if (lines.out % 10 === 0) process.send({ n: lines.out }, (err) => { if (err) enter(`fault message: ${err.message}`); });
    if (told !== true) await pause();
  }
  await say('err');
  await say('out');
  const signal = { 3: 'SIGKILL', 5: 'SIGTERM' }[generation % 7];
  const code = 1 + generation * 37 % 113;
  enter(signal ? `end killed by ${signal}` : `end exited with code ${code}`);
  if (signal) process.kill(process.pid, signal);
  else process.exit(code);
})();
