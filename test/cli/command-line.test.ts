import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { requestFrom } from '#src/cli/command-line.js';
import { placeInWords } from '#src/cli/place.js';

const words = (line: string) => line.split(' ').filter((word) => word !== '');
const plain = { place: undefined, verbose: false, wait: false };
const larch = { host: 'larch', port: 7766 };

describe('A command line', () => {
  for (const [line, request] of [
    ['list', { command: 'list', json: false, ...plain }],
    ['list -v --json', { command: 'list', json: true, ...plain, verbose: true }],
    ['-m larch list', { command: 'list', json: false, ...plain, place: larch }],
    [
      '-vw show demo',
      { command: 'show', label: 'demo', json: false, place: undefined, verbose: true, wait: true },
    ],
    ['show demo -v', { command: 'show', label: 'demo', json: false, ...plain, verbose: true }],
    ['show -- -demo', { command: 'show', label: '-demo', json: false, ...plain }],
    ['top --master=larch demo', { command: 'top', label: 'demo', ...plain, place: larch }],
    ['-mlarch top demo', { command: 'top', label: 'demo', ...plain, place: larch }],
    ['-w slave demo', { command: 'slave', label: 'demo', threads: undefined, ...plain, wait: true }],
    ['slave demo --threads 4', { command: 'slave', label: 'demo', threads: 4, ...plain }],
    ['slave demo --threads=16', { command: 'slave', label: 'demo', threads: 16, ...plain }],
    ['dashboard demo', { command: 'dashboard', label: 'demo', ...plain }],
    ['token', { command: 'token' }],
    ['--version', { command: 'version' }],
    ['-V', { command: 'version' }],
    ['--help', { command: 'help', about: undefined }],
    ['help', { command: 'help', about: undefined }],
    ['help top', { command: 'help', about: 'top' }],
    ['slave -h', { command: 'help', about: 'slave' }],
    ['show demo too many -h', { command: 'help', about: 'show' }],
  ] as const) {
    it(`is understood: ${line}`, () => assert.deepEqual(requestFrom(words(line)), request));
  }

  for (const [line, told] of [
    ['', /^A command is missing\.$/],
    ['-v', /^A command is missing\.$/],
    ['lst', /^There is no command 'lst': it must be one of list, show, top, slave, token, dashboard\.$/],
    ['toString', /no command 'toString'/],
    ['help me', /no command 'me'/],
    ['show', /^show needs the label of a job\.$/],
    ['show a b', /^'b' is one word too many\.$/],
    ['list demo', /^'demo' is one word too many\.$/],
    ['token demo', /one word too many/],
    ['-x list', /^There is no option -x\.$/],
    ['--verbos list', /^There is no option --verbos\.$/],
    ['--no-verbose list', /^There is no option --no-verbose\.$/],
    ['--constructor list', /no option --constructor/],
    ['--verbose=yes list', /^--verbose takes no value\.$/],
    ['list -m', /^-m needs a value\.$/],
    ['-m -v list', /^-m needs a value\.$/],
    ['--master= list', /^--master needs a value\.$/],
    ['-m a -m b list', /^-m is given twice\.$/],
    ['slave demo --threads', /^--threads needs a value\.$/],
    ['slave demo --threads 0', /^--threads must be a whole number from 1 to 1024, but is '0'\.$/],
    ['slave demo --threads=-1', /is '-1'/],
    ['slave demo --threads 2.5', /is '2\.5'/],
    ['slave demo --threads many', /is 'many'/],
    ['slave demo --threads 5000', /is '5000'/],
    ['show demo --threads 2', /^show takes no --threads\.$/],
    ['slave demo --json', /^slave takes no --json\.$/],
    ['token -v', /^token takes no --verbose\.$/],
    ['slave demo --token abc', /^A token never stands on a command line/],
    ['slave demo --token=abc', /^A token never stands on a command line/],
  ] as const) {
    it(`is refused: ${line || '(nothing)'}`, () => {
      assert.throws(() => requestFrom(words(line)), { message: told });
    });
  }

  it('is refused with an empty label', () => {
    assert.throws(() => requestFrom(['show', '']), { message: 'The label is empty.' });
  });
});

describe('A place', () => {
  for (const [text, host, port] of [
    ['larch', 'larch', 7766],
    ['larch:1', 'larch', 1],
    ['larch.example.org:65535', 'larch.example.org', 65_535],
    ['192.0.2.7', '192.0.2.7', 7766],
    ['192.0.2.7:8000', '192.0.2.7', 8000],
    ['[::1]:7766', '::1', 7766],
    ['[::1]', '::1', 7766],
    ['[2001:db8::7]:80', '2001:db8::7', 80],
    ['::1', '::1', 7766],
    ['[fe80::1%eth0]:7766', 'fe80::1%eth0', 7766],
  ] as const) {
    it(`is ${host} and ${port} for ${text}`, () => {
      const request = requestFrom(['-m', text, 'list']);
      assert.deepEqual('place' in request && request.place, { host, port });
    });
  }

  for (const text of [
    'larch:',
    'larch:0',
    'larch:65536',
    'larch:x',
    'larch:1:2',
    ':7766',
    '[::1',
    '[larch]:1',
  ]) {
    it(`is not ${text}`, () => assert.throws(() => requestFrom(['-m', text, 'list']), { message: /^-m: '/ }));
  }

  for (const text of ['[::1]:', '[::1]x', 'http://larch', 'me@larch', 'lar ch', '[]', '1::2::3']) {
    it(`is not ${text}`, () => assert.throws(() => requestFrom(['-m', text, 'list']), { message: /^-m: '/ }));
  }

  it('is told as it was written', () => {
    assert.equal(placeInWords({ host: '::1', port: 7766 }), '[::1]:7766');
    assert.equal(placeInWords({ host: 'larch', port: 80 }), 'larch:80');
    assert.equal(placeInWords(undefined), 'this host');
  });
});
