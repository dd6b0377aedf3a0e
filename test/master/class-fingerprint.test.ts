import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fingerprintOf } from '#src/master/class-fingerprint.js';

describe('The fingerprint of a slave class', () => {
  it('has its name, its source, and the label of its job', () => {
    class Slave {
      do_one() {
        return 1;
      }
    }
    const { name, source, labels } = fingerprintOf(Slave, 'fingerprint');
    assert.equal(name, 'Slave');
    assert.match(source, /^class Slave \{[\s\S]*do_one/);
    assert.deepEqual(labels, ['fingerprint']);
    assert.deepEqual(fingerprintOf(Slave, 'fingerprint').labels, ['fingerprint']);
  });

  it('has the label of its first job too, as slaves come to that one first', () => {
    class Slave {}
    fingerprintOf(Slave, 'first');
    fingerprintOf(Slave, 'second');
    assert.deepEqual(fingerprintOf(Slave, 'third').labels, ['third', 'first']);
  });

  it('has no label that another class had before: a slave would take the wrong one', () => {
    class Early {}
    class Late {}
    fingerprintOf(Early, 'same');
    assert.deepEqual(fingerprintOf(Late, 'same').labels, []);
    assert.deepEqual(fingerprintOf(Late, 'own').labels, ['own']);
    assert.deepEqual(fingerprintOf(Early, 'other').labels, ['other', 'same']);
  });
});
