/** Numbers travel packed: eight bytes each, and no value to be written and read. */

/** The items in a Float64Array if all of them are numbers, else as they are. */
export function packed(items: readonly unknown[] | Float64Array): readonly unknown[] | Float64Array {
  if (items instanceof Float64Array || items.length < 2 || typeof items[0] !== 'number') return items;
  const numbers = new Float64Array(items.length);
  for (let place = 0; place < items.length; place++) {
    const item = items[place];
    if (typeof item !== 'number') return items;
    numbers[place] = item;
  }
  return numbers;
}
