/**
 * What tells a slave class from others. In a thread of this process it is the class's source. A slave elsewhere runs a
 * bundle, in which the source is another; there it is told by the label of its `runJob`. As slaves run the same script,
 * they come to the first `runJob` of a class before they come to its later ones: so that label counts too.
 */

import type { ClassFingerprint } from '../ports/handler-source.ts';
import { sourceOf } from '../threads/handler-module.ts';

type SlaveClass = abstract new () => object;

const firstLabels = new WeakMap<SlaveClass, string>();
const firstClasses = new Map<string, WeakRef<SlaveClass>>();

/** @param label Of the job that is run with the class now. */
export function fingerprintOf(SlaveClass: SlaveClass, label: string): ClassFingerprint {
  const first = firstLabels.get(SlaveClass) ?? label;
  firstLabels.set(SlaveClass, first);
  const owner = firstClasses.get(label)?.deref() ?? SlaveClass;
  firstClasses.set(label, new WeakRef(owner));
  const own = [...new Set([label, first])].filter((one) => firstClasses.get(one)?.deref() === SlaveClass);
  return { name: SlaveClass.name, source: sourceOf(SlaveClass), labels: own };
}
