/** keep-code FOLDER [TEXT…]: keeps the texts in the cache, and prints its folder and the URLs. */

import { createHash } from 'node:crypto';
import { CodeCache } from '#src/slave/code-cache.js';

const [folder = '', ...texts] = process.argv.slice(2);
const cache = folder === '' ? new CodeCache() : new CodeCache(folder);
const urls: string[] = [];
for (const text of texts) urls.push(await cache.keep(createHash('sha256').update(text).digest('hex'), text));
process.stdout.write(JSON.stringify({ folder: cache.folder, urls }));
