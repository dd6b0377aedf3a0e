/**
 * How many columns of a terminal a text takes: none for marks that join the sign before them, two for the wide signs of
 * East Asia and for emoji. What a terminal would obey instead of showing it is replaced.
 */

import { eastAsianWidth } from 'get-east-asian-width';

const graphemes = new Intl.Segmenter();
const PLAIN = /^[\x20-\x7e]*$/;
const VISIBLE = /[^\p{M}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u;
/** A sign told to be an emoji, or two letters that make a flag. */
const EMOJI = /\ufe0f|^\p{Regional_Indicator}{2}/u;
/** Control characters, line ends, and marks that turn the direction of the rest of the line. */
const OBEYED = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** The text without anything that a terminal obeys: names come from other machines. */
export function harmless(text: string): string {
  return text.replaceAll(OBEYED, '\ufffd');
}

/** @param text Without control characters. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOfGrapheme(segment);
  return width;
}

function widthOfGrapheme(grapheme: string): number {
  const visible = VISIBLE.exec(grapheme)?.[0];
  if (visible === undefined) return 0;
  return EMOJI.test(grapheme) ? 2 : eastAsianWidth(visible.codePointAt(0) as number);
}

/** The text if it fits into so many columns, else as much of its beginning as does, with `…` behind. */
export function fitted(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  let room = columns - 1;
  if (room < 0) return '';
  for (const { segment } of graphemes.segment(text)) {
    room -= widthOfGrapheme(segment);
    if (room < 0) break;
    kept += segment;
  }
  return `${kept}…`;
}
