// What a process counts of what is asked of it: one for all of its doors.
import { ListMeasures } from './lists.ts';
import { LoopDelay } from './loop-delay.ts';
import { RequestTimers } from './requests.ts';

export class Telemetry {
  readonly requests = new RequestTimers();
  readonly lists = new ListMeasures();
  readonly loopDelay = new LoopDelay();
  /** The folder whose disk is looked at; undefined: none is. */
  readonly dataDir: string | undefined;

  constructor(dataDir?: string) {
    this.dataDir = dataDir;
  }
}
