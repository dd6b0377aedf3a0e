import type { Tree } from './guide-tree.ts';
import { element } from './svg.ts';

/** Where a drawn tree goes: its root at the left, its leaves at the right, one every `rowHeight`. */
export interface TreeFrame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly rowHeight: number;
}

/** The tree as right-angled lines, each branching as far from the leaves as it is high. */
export function dendrogram(tree: Tree, frame: TreeFrame): string {
  const scale = tree.height === 0 ? 0 : frame.width / tree.height;
  const lines: string[] = [];
  let nextLeaf = 0;

  /** Draws what hangs below `node` and returns the node's own position. */
  function draw(node: Tree): { x: number; y: number } {
    const x = frame.x + frame.width - node.height * scale;
    if ('leaf' in node) return { x, y: frame.y + (nextLeaf++ + 0.5) * frame.rowHeight };
    const left = draw(node.left);
    const right = draw(node.right);
    lines.push(
      `M${left.x.toFixed(1)} ${left.y.toFixed(1)}H${x.toFixed(1)}V${right.y.toFixed(1)}H${right.x.toFixed(1)}`,
    );
    return { x, y: (left.y + right.y) / 2 };
  }

  draw(tree);
  return element('path', { d: lines.join(''), fill: 'none', stroke: '#444', 'stroke-linejoin': 'round' });
}
