import { existsSync } from 'node:fs';

/**
 * The folder `examples/data` of this package. This module runs from `examples/` and, compiled, from `build/examples/`,
 * where no data are: so look for it in every folder above this file.
 */
export function dataFolder(): URL {
  for (let above = new URL('../', import.meta.url); ; above = new URL('../', above)) {
    const folder = new URL('examples/data/', above);
    if (existsSync(folder)) return folder;
    if (above.pathname === new URL('../', above).pathname)
      throw new Error('There is no examples/data above this file');
  }
}
