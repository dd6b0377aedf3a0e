import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { type Machine, whyNoMachines, withTwoMachines } from '../fixtures/network-namespace.ts';

const why = whyNoMachines();

/** Answers who says something, until it is killed. */
const SERVER = `require('node:net').createServer((socket) => socket.pipe(socket)).listen(7000, '::', () => console.log('there'))`;
/** Says something, and waits so many milliseconds for the answer. */
const CLIENT = `const [host, patience] = process.argv.slice(1);
const socket = require('node:net').connect(7000, host, () => socket.write('hello'));
setTimeout(() => process.exit(3), Number(patience));
socket.on('error', () => {}).on('data', (data) => { console.log(String(data)); process.exit(0); });`;

describe('Two machines', { timeout: 60_000, ...(why !== undefined && { skip: why }) }, () => {
  it('reach each other by IPv4 and IPv6, but not while the cable is cut', async () => {
    const name = await withTwoMachines(async ({ one, two, cut, heal }) => {
      const server = one.spawn(process.execPath, ['-e', SERVER]);
      await new Promise((resolve) => server.stdout?.once('data', resolve));
      for (const address of [one.ipv4, one.ipv6]) assert.equal(await answer(two, address), 'hello\n');
      await cut();
      for (const address of [one.ipv4, one.ipv6]) assert.equal(await answer(two, address, 500), '');
      await heal();
      for (const address of [one.ipv4, one.ipv6]) assert.equal(await answer(two, address), 'hello\n');
      return one.name;
    });
    assert.ok(!String(execFileSync('ip', ['netns', 'list'])).includes(name), 'it is gone');
  });
});

async function answer(from: Machine, address: string, patience = 20_000): Promise<string> {
  return (await from.run(process.execPath, ['-e', CLIENT, '--', address, String(patience)])).stdout;
}
