/** Where slaves find their handlers. Plain data, as it travels to threads and to slave processes. */

/** How a thread shall find its handlers; the same for all threads of a farm. */
export interface HandlerSource {
  readonly origin: HandlerOrigin;
  /** The master's, so that the script sees the same arguments. */
  readonly argv: readonly string[];
  /** Milliseconds a script has to call `runJob`. */
  readonly startTimeout: number;
  /** Where the master got tsx from, if it runs under tsx. */
  readonly tsx: TsxPlace | undefined;
  /** The process has nothing but slaves: what ends it as a whole may do so. */
  readonly mayAbort: boolean;
}

/**
 * Where handlers come from. `module` is the URL of the module to import, `label` that of the job. `bundleOf` is
 * the URL of the master's module where this one is a bundle that was made from it.
 */
export type HandlerOrigin =
  /** The class that the script gives to `runJob`; the thread takes no other. */
  | {
      readonly kind: 'class';
      readonly module: string;
      readonly label: string;
      readonly slaveClass: ClassFingerprint;
      readonly bundleOf?: string;
    }
  /** The module's `do_<tag>` functions, or the class that it gives to `runJob`. */
  | { readonly kind: 'module'; readonly module: string; readonly label: string; readonly bundleOf?: string }
  /** The module's exports, whose names are the tags. */
  | { readonly kind: 'exports'; readonly module: string; readonly bundleOf?: string }
  /** The tags themselves, which are functions as source text (see sent-functions.ts). */
  | { readonly kind: 'functions' };

/** For messages. */
export function nameOfOrigin(origin: HandlerOrigin): string {
  return origin.kind === 'functions' ? 'the sent functions' : origin.module;
}

/** Tells a class from others across threads. */
export interface ClassFingerprint {
  readonly name: string;
  readonly source: string;
  /** Of jobs that the master ran with this class and with no other: they tell it where its source is another. */
  readonly labels: readonly string[];
}

/** Where tsx was loaded from; URLs. */
export interface TsxPlace {
  /** Its programming interface. */
  readonly api: string;
  /** Its package.json. */
  readonly manifest: string;
}
