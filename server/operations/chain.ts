// What every operation goes through, in one order at every door: authenticate (the door reads who
// asks), limit, audit, run. A door adds only how it is asked and how it answers.
import type { Logger } from 'pino';
import type { EngineError, RankedReply, RecommendRequest, Waiting } from '../../engine/index.ts';
import type { PendingRequest } from '../codel-queue.ts';
import { isBehind, type LoadShedder, overloadedError } from '../load-shedder.ts';
import { type AccessRule, authorize, authorizeList, type Caller } from './caller.ts';
import {
  type EngineAccess,
  type Load,
  type Operation,
  type RawInput,
  type Result,
  whenHeld,
} from './operation.ts';

export interface ChainParts {
  readonly access: EngineAccess;
  readonly loadShedder: LoadShedder;
  readonly log: Logger;
}

/** A list, asked in its canonical form. */
export interface ListAsked {
  readonly operation: Operation;
  readonly caller: Caller;
  readonly request: RecommendRequest;
}

export class Chain {
  readonly access: EngineAccess;
  private readonly loadShedder: LoadShedder;
  private readonly log: Logger;

  constructor({ access, loadShedder, log }: ChainParts) {
    this.access = access;
    this.loadShedder = loadShedder;
    this.log = log;
  }

  /** Authenticate: what the door has read is held against what is asked. Throws. */
  authorize(caller: Caller, asked: AccessRule): void {
    authorize(caller, asked);
  }

  /** Limit: whether it may run right now. If not, it is to be given to `limit`. */
  mayPass(load: Load): boolean {
    return load === 'free' || (load === 'list' && this.loadShedder.tryAdmitList());
  }

  /**
   * Limit: before anything is read of what was sent, since to read and validate a receipt costs as
   * much as to count it. Serves or refuses, now or in a while.
   */
  limit(load: Load, request: PendingRequest): void {
    if (load === 'free') request.serve();
    else if (load === 'list') this.loadShedder.admitList(request);
    else this.loadShedder.admitWrite(request, isBehind(this.access));
  }

  /**
   * The same for what is paced by number and not by time. Resolves when it may run; rejects with
   * RESOURCE_EXHAUSTED.
   */
  admitted(load: 'write'): Promise<void> {
    return new Promise((serve, reject) => {
      this.limit(load, { serve, refuse: () => reject(overloadedError()) });
    });
  }

  /** Audit and run. */
  run(
    operation: Operation,
    caller: Caller,
    input: RawInput,
    waiting: Waiting = {},
  ): Result | Promise<Result> {
    if (!isAudited(operation)) return operation.run(this.access, caller, input, waiting);
    return this.audited(operation, caller, () =>
      operation.run(this.access, caller, input, waiting),
    );
  }

  /** Run, of a list that a door encodes itself: `encode` is called before another list is made. */
  rank<T>(asked: ListAsked, encode: (reply: RankedReply) => T): T | Promise<T> {
    const { minWatermark } = asked.request;
    return whenHeld(this.access.engine(), minWatermark, () => this.rankNow(asked, encode));
  }

  /** The same from the state as it is. */
  rankNow<T>({ operation, caller, request }: ListAsked, encode: (reply: RankedReply) => T): T {
    authorizeList(caller, request, operation);
    return encode(this.access.engine().lists.rank(request, operation.audience));
  }

  /** What changes more than one receipt leaves a line in the log: who, what and what came of it. */
  private async audited(
    { name }: Operation,
    { keyId }: Caller,
    run: () => Result | Promise<Result>,
  ): Promise<Result> {
    const auditEntry = { operation: name, ...(keyId !== undefined && { keyId }) };
    try {
      const result = await run();
      this.log.info({ ...auditEntry, outcome: result.outcome }, 'admin operation');
      return result;
    } catch (error) {
      const { reason, code = 'INTERNAL' } = error as Partial<EngineError>;
      this.log.info({ ...auditEntry, outcome: reason ?? code }, 'admin operation');
      throw error;
    }
  }
}

/** Upkeep, and what is done to members. */
function isAudited({ scope }: AccessRule): boolean {
  return scope === 'admin' || scope === 'privacy';
}
