type Attributes = Readonly<Record<string, string | number>>;

/** An SVG element as text. `content` is markup; plain text in it has gone through `escaped`. */
export function element(name: string, attributes: Attributes, ...content: string[]): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${attributeText(value)}"`);
  return content.length === 0
    ? `<${name}${written.join('')}/>`
    : `<${name}${written.join('')}>${content.join('\n')}</${name}>`;
}

/** Coordinates with two decimals at most, so that the file stays small and the same everywhere. */
function attributeText(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(100 * value) / 100) : escaped(value);
}

export function label(attributes: Attributes, text: string): string {
  return element('text', attributes, escaped(text));
}

export function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
