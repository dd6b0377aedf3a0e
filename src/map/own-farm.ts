/** A farm for one map. */

import type { ResourceLimits } from 'node:worker_threads';
import { OptionError } from '../core/errors.ts';
import { Farm } from '../master/farm.ts';
import { HandlerReference } from './handlers-from.ts';

export interface PreparedMapper {
  readonly tag: string;
  readonly module: string;
}

export interface Loan {
  readonly farm: Farm;
  release(): void;
}

let farms = 0;

export function prepareMapper(mapper: unknown): PreparedMapper {
  if (!(mapper instanceof HandlerReference)) {
    throw new OptionError('mapper', 'a reference from handlersFrom', typeof mapper);
  }
  const { name, module } = mapper;
  const source = `export { ${name} as do_${name} } from ${JSON.stringify(module)};`;
  return { tag: name, module: `data:text/javascript,${encodeURIComponent(source)}` };
}

export function borrowFarm(
  { module }: PreparedMapper,
  { threads, resourceLimits }: { threads: number; resourceLimits: ResourceLimits | undefined },
): Loan {
  const limits = resourceLimits === undefined ? {} : { resourceLimits };
  const farm = new Farm(`parallelMap ${++farms}`, { module, SlaveClass: undefined }, { threads, ...limits });
  farm.start().catch((error) => farm.driver.finish(error));
  return { farm, release: () => void farm.stop(0) };
}
