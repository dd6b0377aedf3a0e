import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize } from 'node:path';
import { describe, it } from 'node:test';

interface Import {
  readonly from: string;
  /** A path below `src`, or the name of a package. */
  readonly to: string;
  readonly typesOnly: boolean;
}

/** What a room may import: other rooms, and packages. Its own files are always allowed. */
interface Room {
  readonly uses: readonly string[];
  readonly typesOf?: readonly string[];
  readonly packages: readonly string[];
}

const ANY_NODE = 'node:*';

/** The floors of ARCHITECTURE.md, from the ground up. */
const ROOMS: Readonly<Record<string, Room>> = {
  core: { uses: [], packages: [] },
  wire: { uses: ['core'], typesOf: ['ports'], packages: ['node:v8', 'node:buffer', 'node:util'] },
  ports: { uses: [], typesOf: ['core', 'wire'], packages: [] },
  threads: { uses: ['core', 'wire', 'ports'], packages: [ANY_NODE, 'piscina', 'comlink'] },
  tcp: { uses: ['core', 'wire', 'ports'], packages: [ANY_NODE, 'birpc'] },
  registry: { uses: ['core', 'wire', 'ports'], packages: [ANY_NODE] },
  // Progress is given what others count, and knows none of them: so a farm can start it, and a map too.
  progress: { uses: ['ports'], packages: [ANY_NODE, 'cli-progress'] },
  // The engine of a map: `map` and a master's own `map()` both start it, so it knows neither, and sees a farm as a port.
  mapping: { uses: ['core', 'wire', 'ports'], typesOf: ['progress'], packages: [] },
  slave: { uses: ['core', 'wire', 'ports', 'threads', 'tcp', 'registry'], packages: [ANY_NODE] },
  map: {
    uses: ['core', 'wire', 'ports', 'threads', 'tcp', 'registry', 'progress', 'mapping', 'master'],
    packages: [ANY_NODE],
  },
  master: {
    uses: ['core', 'wire', 'ports', 'threads', 'tcp', 'registry', 'progress', 'mapping', 'slave'],
    packages: [ANY_NODE, 'esbuild'],
  },
  cli: {
    uses: ['core', 'wire', 'ports', 'threads', 'tcp', 'registry', 'progress', 'slave', 'map', 'master'],
    packages: [ANY_NODE, 'get-east-asian-width'],
  },
};

const files = readdirSync('src', { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.ts'))
  .sort();
const sources = new Map(
  files.map((path) => [path, withoutComments(readFileSync(join('src', path), 'utf8'))]),
);

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(?<!['":])\/\/.*$/gm, '');
}

/** Code that a file holds as a text is not its own. */
function withoutTexts(source: string): string {
  return source.replaceAll(/`(?:[^`\\]|\\.)*`/g, '``').replaceAll(/"[^"\n]*"/g, '""');
}

const STATEMENT = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm;
const DYNAMIC = /\bimport\(\s*'([^']+)'/g;
const imports = files.flatMap(importsOf);

function importsOf(from: string): Import[] {
  const source = withoutTexts(sources.get(from)!);
  const to = (name: string) => (name.startsWith('.') ? normalize(join(dirname(from), name)) : name);
  const fixed = Array.from(source.matchAll(STATEMENT), ([, type, names = '', name]) => ({
    from,
    to: to(name!),
    typesOnly: type !== undefined || hasTypesOnly(names),
  }));
  const dynamic = Array.from(source.matchAll(DYNAMIC), ([, name]) => ({
    from,
    to: to(name!),
    typesOnly: false,
  }));
  return [...fixed, ...dynamic];
}

/** `{ type A, type B }` */
function hasTypesOnly(names: string): boolean {
  const list = /^\{([^}]*)\}$/.exec(names.trim())?.[1]?.split(',') ?? [];
  const named = list.map((name) => name.trim()).filter((name) => name !== '');
  return named.length > 0 && named.every((name) => name.startsWith('type '));
}

function roomOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

function isAllowed({ from, to, typesOnly }: Import): boolean {
  const room = ROOMS[roomOf(from)]!;
  if (!to.endsWith('.ts')) {
    return room.packages.includes(to) || (to.startsWith('node:') && room.packages.includes(ANY_NODE));
  }
  const target = roomOf(to);
  if (target === roomOf(from) || room.uses.includes(target)) return true;
  return typesOnly && room.typesOf?.includes(target) === true;
}

const tell = ({ from, to }: Import) => `${from} imports ${to}`;

describe('The house', () => {
  it('is read by this test: all files, with all their imports', () => {
    assert.ok(files.length > 50, `${files.length} files`);
    assert.ok(imports.length > 150, `${imports.length} imports`);
    for (const { from, to } of imports) {
      if (to.endsWith('.ts')) assert.ok(sources.has(to), `${from} imports ${to}, which is not there`);
    }
    for (const [path, source] of sources) {
      const counted = withoutTexts(source).match(/\bfrom\s+'|^import\s+'/gm)?.length ?? 0;
      const found = importsOf(path).length - (source.match(DYNAMIC)?.length ?? 0);
      assert.equal(found, counted, `imports of ${path}`);
    }
  });

  it('has no room that ARCHITECTURE.md does not know', () => {
    const known = [...Object.keys(ROOMS), 'dashboard'];
    for (const path of files) if (roomOf(path) !== '') assert.ok(known.includes(roomOf(path)), path);
  });

  for (const room of Object.keys(ROOMS)) {
    it(`has a room ${room} that imports only what it may`, () => {
      const wrong = imports.filter((one) => roomOf(one.from) === room && !isAllowed(one));
      assert.deepEqual(wrong.map(tell), []);
    });
  }

  it('lets nobody import index.ts: the front door is for guests', () => {
    assert.deepEqual(imports.filter(({ to }) => to === 'index.ts').map(tell), []);
  });

  it('has no cycle of imports, those of types aside', () => {
    const edges = new Map<string, string[]>(files.map((path) => [path, []]));
    for (const { from, to, typesOnly } of imports) {
      if (!typesOnly && to.endsWith('.ts')) edges.get(from)!.push(to);
    }
    assert.deepEqual(cycleIn(edges), []);
  });

  it('names every export of index.ts, one by one', () => {
    assert.doesNotMatch(sources.get('index.ts')!, /export\s+\*/);
    assert.match(sources.get('index.ts')!, /export \{/);
  });

  it('has no file called after nothing in particular', () => {
    const vague = /^(utils?|helpers?|common|types?|constants?|misc|shared|lib|index)$/;
    const named = files.filter((path) => path !== 'index.ts' && vague.test(basename(path, '.ts')));
    assert.deepEqual(named, []);
    assert.deepEqual(
      files.filter((path) =>
        dirname(path)
          .split('/')
          .some((folder) => vague.test(folder)),
      ),
      [],
    );
  });

  it('writes to no console outside of the command line', () => {
    const talkative = files.filter(
      (path) => !/^(cli|dashboard)\//.test(path) && /\bconsole\b/.test(sources.get(path)!),
    );
    assert.deepEqual(talkative, []);
  });
});

describe('The core', () => {
  const core = files.filter((path) => roomOf(path) === 'core');
  const outside: Record<string, RegExp> = {
    'a promise': /\bPromise\b|\basync\b|\bawait\b/,
    'a timer': /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/,
    'a clock': /\bDate\b|\bperformance\b|\bhrtime\b/,
    chance: /\brandom\b|\bcrypto\b/i,
    'the process': /\bprocess\b(?!')|\bglobalThis\b|\bBuffer\b|\bAtomics\b/,
  };
  for (const [what, pattern] of Object.entries(outside)) {
    it(`knows nothing of ${what}`, () => {
      const found = core.filter((path) => pattern.test(withoutStrings(sources.get(path)!)));
      assert.deepEqual(found, []);
    });
  }
});

function withoutStrings(source: string): string {
  return source.replaceAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''");
}

/** The files of one cycle, or none. */
function cycleIn(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    path.push(file);
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of edges.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
