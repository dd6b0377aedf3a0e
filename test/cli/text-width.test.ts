import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fitted, harmless, widthOf } from '#src/cli/text-width.js';

describe('The width of a text', () => {
  for (const [text, width] of [
    ['', 0],
    ['sqrt', 4],
    ['naïve', 5],
    ['nai\u0308ve', 5],
    ['数', 2],
    ['ﾃｽﾄ', 3],
    ['🧬', 2],
    ['🪐', 2],
    ['👩‍👩‍👧', 2],
    ['🇫🇷', 2],
    ['❤️', 2],
    ['█░…', 3],
    ['\u200b', 0],
  ] as const) {
    it(`is ${width} for ${JSON.stringify(text)}`, () => assert.equal(widthOf(text), width));
  }
});

describe('A text cut to a width', () => {
  for (const [text, columns, cut] of [
    ['compare', 7, 'compare'],
    ['compare', 6, 'compa…'],
    ['compare', 1, '…'],
    ['compare', 0, ''],
    ['数え上げる', 10, '数え上げる'],
    ['数え上げる', 9, '数え上げ…'],
    ['数え上げる', 8, '数え上…'],
    ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
  ] as const) {
    it(`is '${cut}' for '${text}' in ${columns}`, () => assert.equal(fitted(text, columns), cut));
  }
});

describe('A harmless text', () => {
  it('has nothing that a terminal obeys, and all that it shows', () => {
    assert.equal(harmless('a\x1b[31mb\nc\x9bd\u202ee\tf'), 'a�[31mb�c�d�e�f');
    assert.equal(harmless('👩‍👩‍👧 ❤️ été'), '👩‍👩‍👧 ❤️ été');
  });
});
