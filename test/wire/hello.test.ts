import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Deserializer, serialize } from 'node:v8';
import { VersionMismatchError } from '#src/core/errors.js';
import { WireError } from '#src/wire/frames.js';
import { assertCompatible, LONGEST_HELLO, OWN_HELLO, readHello, writeHello } from '#src/wire/hello.js';

describe('The hello', () => {
  it('says who we are', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    const deserializer = new Deserializer(serialize(1));
    deserializer.readHeader();
    assert.deepEqual(OWN_HELLO, {
      wire: 1,
      v8: deserializer.getWireFormatVersion(),
      library: version,
      node: process.versions.node,
    });
  });

  it('has the same form for ever', () => {
    const hello = { wire: 1, v8: 15, library: '0.1.0', node: '20.0.0' };
    const bytes = 'taskfarm {"wire":1,"v8":15,"library":"0.1.0","node":"20.0.0"}';
    assert.equal(writeHello(hello).toString('latin1'), bytes);
    assert.deepEqual(readHello(Buffer.from(bytes)), hello);
  });

  it('is read as it was written', () => {
    assert.deepEqual(readHello(writeHello()), OWN_HELLO);
  });

  it('may have fields of later versions', () => {
    const later =
      'taskfarm {"wire":9,"extra":{"a":[1]},"v8":99,"library":"9.0.0-beta","node":"99.1.0","__proto__":1}';
    assert.deepEqual(readHello(Buffer.from(later)), {
      wire: 9,
      v8: 99,
      library: '9.0.0-beta',
      node: '99.1.0',
    });
  });

  it('is not longer than 1 KB', () => {
    const pad = (length: number) => Buffer.from(writeHello().toString().padEnd(length));
    assert.equal(LONGEST_HELLO, 1024);
    assert.deepEqual(readHello(pad(1024)), OWN_HELLO);
    assert.throws(() => readHello(pad(1025)), /at most 1024 bytes, and this one has 1025/);
  });

  const others: Record<string, string> = {
    nothing: '',
    'another protocol': 'GET / HTTP/1.1\r\n\r\n',
    'only our name': 'taskfarm ',
    'no JSON': 'taskfarm {wire:1}',
    'no object': 'taskfarm null',
    'no version': 'taskfarm {"v8":15,"library":"1","node":"20"}',
    'a version that is no number': 'taskfarm {"wire":"1","v8":15,"library":"1","node":"20"}',
    'a version of zero': 'taskfarm {"wire":0,"v8":15,"library":"1","node":"20"}',
    'a huge version': 'taskfarm {"wire":1e300,"v8":15,"library":"1","node":"20"}',
    'a text that is none': 'taskfarm {"wire":1,"v8":15,"library":[],"node":"20"}',
    'a text for the terminal to obey': 'taskfarm {"wire":1,"v8":15,"library":"\\u001b[2J","node":"20"}',
    'a long text': `taskfarm {"wire":1,"v8":15,"library":"${'1'.repeat(200)}","node":"20"}`,
    'no ASCII': 'taskfarm {"wire":1,"v8":15,"library":"é","node":"20"}',
  };
  for (const [name, text] of Object.entries(others)) {
    it(`is not ${name}`, () => {
      assert.throws(() => readHello(Buffer.from(text)), WireError);
    });
  }
});

describe('Two sides', () => {
  it('work together with the same versions, and with an older form of values', () => {
    assertCompatible(OWN_HELLO);
    assertCompatible({ ...OWN_HELLO, v8: OWN_HELLO.v8 - 1, node: '1.0.0', library: '9.9.9' });
  });

  for (const step of [-1, 1]) {
    it(`do not with another version of messages (${step})`, () => {
      const theirs = { ...OWN_HELLO, wire: OWN_HELLO.wire + step, library: '9.9.9' };
      assert.throws(
        () => assertCompatible(theirs),
        (error) =>
          error instanceof VersionMismatchError &&
          error.what === 'wire version' &&
          error.own === `${OWN_HELLO.wire} (taskfarm ${OWN_HELLO.library})` &&
          error.other === `${OWN_HELLO.wire + step} (taskfarm 9.9.9)`,
      );
    });
  }

  it('do not if the other writes values in a newer form', () => {
    const theirs = { ...OWN_HELLO, v8: OWN_HELLO.v8 + 1, node: '99.0.0' };
    assert.throws(() => assertCompatible(theirs), {
      code: 'VERSION_MISMATCH',
      what: 'v8 value format',
      own: `${OWN_HELLO.v8} (Node ${OWN_HELLO.node})`,
      other: `${OWN_HELLO.v8 + 1} (Node 99.0.0)`,
    });
  });
});
