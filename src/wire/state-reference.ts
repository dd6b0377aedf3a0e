/** A stored value as a task's parameter, on its way to a slave that will put the value in its place. */

const BRAND = Symbol.for('taskfarm.globalStateValue');

/** What stands for a stored value; an object with the brand, from whichever copy of the package. */
export interface StateReference {
  readonly stateId: number;
  readonly name: string;
}

/** Makes a class's instances known as references. */
export function brandAsStateReference(prototype: object): void {
  Object.defineProperty(prototype, BRAND, { value: true });
}

export function isStateReference(value: unknown): value is StateReference {
  return typeof value === 'object' && value !== null && Reflect.get(value, BRAND) === true;
}

/** A reference whose class was lost on its way. */
export function stateReference(stateId: number, name: string): StateReference {
  const reference = Object.create(Branded) as { stateId: number; name: string };
  reference.stateId = stateId;
  reference.name = name;
  return reference;
}

const Branded = {};
brandAsStateReference(Branded);
