/**
 * The masters that the commands talk to. This file is all that stands between the command line and the lines to
 * masters: it brings the token, and nothing else here knows how a line is made.
 */

import { TaskFarmError } from '../core/errors.ts';
import type { FarmViewer } from '../ports/farm-view.ts';
import type { Place } from './place.ts';

export interface SlaveOrder {
  readonly label: string;
  readonly place: Place;
  /** Undefined for one per core. */
  readonly threads: number | undefined;
  /** Whether to wait until the master is there. */
  readonly wait: boolean;
}

export interface Masters {
  /**
   * A viewer of each running job of this user on this host, or of the one at a place.
   *
   * @throws MasterNotFoundError if nobody is at the place; on this host there may simply be none.
   */
  findMasters(place: Place): Promise<readonly FarmViewer[]>;
  /** @throws MasterNotFoundError */
  viewerOf(label: string, place: Place): Promise<FarmViewer>;
  /** Resolves when the master has ended, or the process was told to leave. */
  runSlave(order: SlaveOrder): Promise<void>;
}

export const masters: Masters = {
  findMasters: async () => notYet(),
  viewerOf: async () => notYet(),
  runSlave: async () => notYet(),
};

function notYet(): never {
  throw new TaskFarmError('NOT_IN_THIS_VERSION', 'Lines to masters are not in this version.');
}
