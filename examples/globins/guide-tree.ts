/** A leaf is one sequence, by its number; a branching joins two subtrees, `height` above the leaves. */
export type Tree = Leaf | Branching;
export interface Leaf {
  readonly leaf: number;
  readonly height: 0;
}
export interface Branching {
  readonly left: Tree;
  readonly right: Tree;
  readonly height: number;
}

export type Distance = (a: number, b: number) => number;

interface Cluster {
  readonly tree: Tree;
  readonly leaves: readonly number[];
}

/**
 * The UPGMA tree of `count` sequences (Sokal and Michener 1958): join the two clusters with the smallest mean distance
 * between their members, until one is left. Of equally close clusters the first in input order are joined.
 */
export function upgmaTree(count: number, distance: Distance): Tree {
  let clusters = Array.from(
    { length: count },
    (_, leaf): Cluster => ({ tree: { leaf, height: 0 }, leaves: [leaf] }),
  );
  while (clusters.length > 1) {
    const { a, b, mean } = closestClusters(clusters, distance);
    const joined = join(a, b, mean / 2, distance);
    clusters = clusters
      .filter((cluster) => cluster !== b)
      .map((cluster) => (cluster === a ? joined : cluster));
  }
  if (clusters[0] === undefined) throw new RangeError('A tree needs at least one sequence');
  return clusters[0].tree;
}

function closestClusters(clusters: readonly Cluster[], distance: Distance) {
  let closest = { a: clusters[0]!, b: clusters[1]!, mean: Number.POSITIVE_INFINITY };
  for (const [i, a] of clusters.entries()) {
    for (const b of clusters.slice(i + 1)) {
      const mean = meanDistance(a, b, distance);
      if (mean < closest.mean) closest = { a, b, mean };
    }
  }
  return closest;
}

function meanDistance(a: Cluster, b: Cluster, distance: Distance): number {
  let sum = 0;
  for (const i of a.leaves) for (const j of b.leaves) sum += distance(i, j);
  return sum / (a.leaves.length * b.leaves.length);
}

/** Left and right mean nothing to the tree, so both are turned to let the closest of their outer leaves meet. */
function join(a: Cluster, b: Cluster, height: number, distance: Distance): Cluster {
  const gap = (left: Cluster, right: Cluster) => distance(left.leaves.at(-1)!, right.leaves[0]!);
  const choices = [a, turned(a)].flatMap((left) => [b, turned(b)].map((right) => ({ left, right })));
  const { left, right } = choices.reduce((best, choice) =>
    gap(choice.left, choice.right) < gap(best.left, best.right) ? choice : best,
  );
  return { tree: { left: left.tree, right: right.tree, height }, leaves: [...left.leaves, ...right.leaves] };
}

function turned({ tree, leaves }: Cluster): Cluster {
  return { tree: turnedTree(tree), leaves: leaves.toReversed() };
}

function turnedTree(tree: Tree): Tree {
  if ('leaf' in tree) return tree;
  return { left: turnedTree(tree.right), right: turnedTree(tree.left), height: tree.height };
}

/** The numbers of the sequences as they stand in the tree, from left to right. */
export function leafOrder(tree: Tree): number[] {
  return 'leaf' in tree ? [tree.leaf] : [...leafOrder(tree.left), ...leafOrder(tree.right)];
}
