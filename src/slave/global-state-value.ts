/** A stored value as a task's parameter. */

import { inspect } from 'node:util';
import { OptionError } from '../core/errors.ts';
import { brandAsStateReference, type StateReference } from '../wire/state-reference.ts';

/**
 * Stands for a value of the global state as a task's parameter. The handler gets the value itself,
 * which its process fetches once and keeps.
 *
 * It is recognized as a parameter, not inside of one.
 *
 * @example
 * const state = this.setGlobalState({ matrix });
 * this.requestTask('multiply', new GlobalStateValue(state, 'matrix'), row);
 */
export class GlobalStateValue implements StateReference {
  readonly stateId: number;
  readonly name: string;

  /**
   * @param stateId What `setGlobalState` returned.
   * @param name The name of the value in it.
   * @throws {@link OptionError} if they are not a whole number and a string.
   */
  constructor(stateId: number, name: string) {
    if (!Number.isSafeInteger(stateId)) {
      throw new OptionError('stateId', 'the number that setGlobalState returned', String(stateId));
    }
    if (typeof name !== 'string') throw new OptionError('name', 'the name of a value', inspect(name));
    this.stateId = stateId;
    this.name = name;
  }

  static {
    brandAsStateReference(this.prototype);
  }
}
