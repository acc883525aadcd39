// What every operation goes through, in one order at every door: authenticate (the door reads who
// asks), limit, audit, run. A door adds only how it is asked and how it answers.
import type { Logger } from 'pino';
import type { RankedReply, RecommendRequest, Waiting } from '../../engine/index.ts';
import type { PendingRequest } from '../codel-queue.ts';
import { isBehind, type LoadShedder, overloadedError } from '../load-shedder.ts';
import type { DoorName, RequestTimer } from '../telemetry/requests.ts';
import { Telemetry } from '../telemetry/telemetry.ts';
import { isAudited, isGuide, reasonOf, recordRead, recordRefusal, runAudited } from './audited.ts';
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
  readonly door: DoorName;
  /** Shared with the other doors; absent: one of its own. */
  readonly telemetry?: Telemetry | undefined;
  /** Absent: any number of times. */
  readonly limitMember?: LimitMember | undefined;
}

/** Whether the caller may ask once more about this member. Throws RESOURCE_EXHAUSTED. */
export type LimitMember = (caller: Caller, memberId: string) => void;

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
  private readonly door: DoorName;
  private readonly telemetry: Telemetry;
  private readonly limitMember: LimitMember | undefined;

  constructor(parts: ChainParts) {
    const { access, loadShedder, log, door, telemetry = new Telemetry(), limitMember } = parts;
    this.limitMember = limitMember;
    this.access = access;
    this.loadShedder = loadShedder;
    this.log = log;
    this.door = door;
    this.telemetry = telemetry;
  }

  /** Where a door says how long it took to answer. */
  timerOf({ name }: Pick<Operation, 'name'>): RequestTimer {
    return this.telemetry.requests.of(name, this.door);
  }

  /** Authenticate: what the door has read is held against what is asked. Throws. */
  authorize(caller: Caller, asked: AccessRule & { readonly name?: string }): void {
    try {
      authorize(caller, asked);
    } catch (error) {
      recordRefusal(this.access, this.door, asked, caller, error);
      throw error;
    }
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
    if (isOfMember(operation)) this.limitMember?.(caller, memberOf(input));
    if (!isAudited(operation)) return operation.run(this.access, caller, input, waiting);
    const { access, door } = this;
    const call = { operation, caller, input, access, door };
    return this.logged(operation, caller, () =>
      runAudited(call, () => operation.run(access, caller, input, waiting)),
    );
  }

  /** Run, of a list that a door encodes itself: `encode` is called before another list is made. */
  rank<T>(asked: ListAsked, encode: (reply: RankedReply) => T): T | Promise<T> {
    const { minWatermark } = asked.request;
    const noted = (error: unknown): never => {
      this.recordRead(asked, reasonOf(error));
      throw error;
    };
    try {
      this.admitList(asked);
      const held = () => this.rankHeld(asked, encode);
      const ranked = whenHeld(this.access.engine(), minWatermark, held);
      return ranked instanceof Promise ? ranked.catch(noted) : ranked;
    } catch (error) {
      return noted(error);
    }
  }

  /** The same from the state as it is. */
  rankNow<T>(asked: ListAsked, encode: (reply: RankedReply) => T): T {
    this.admitList(asked);
    return this.rankHeld(asked, encode);
  }

  /**
   * What may not be asked takes nothing of what others may ask about that member. A card of
   * everybody is swiped at every till, so that these are not counted.
   */
  private admitList({ operation, caller, request }: ListAsked): void {
    authorizeList(caller, request, operation);
    if (request.memberId === undefined || operation.audience === 'till') return;
    this.limitMember?.(caller, request.memberId);
  }

  private rankHeld<T>(asked: ListAsked, encode: (reply: RankedReply) => T): T {
    const { operation, caller, request } = asked;
    const isNoted = request.memberId !== undefined && isGuide(caller);
    if (isNoted) this.access.trail?.assertRoom();
    const reply = this.access.engine().lists.rank(request, operation.audience);
    this.telemetry.lists.onList(request, reply);
    const encoded = encode(reply);
    if (isNoted) this.recordRead(asked, 'ok');
    return encoded;
  }

  /** Who sees a member's list as a guide is in the audit trail, soon after. */
  private recordRead({ operation, caller, request }: ListAsked, outcome: string): void {
    const { memberId } = request;
    const { trail } = this.access;
    if (trail === undefined || memberId === undefined || !isGuide(caller)) return;
    recordRead(trail, operation, { outcome, door: this.door, keyId: caller.keyId }, memberId);
  }

  /** What changes more than one receipt leaves a line in the log: who, what and what came of it. */
  private async logged(
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
      this.log.info({ ...auditEntry, outcome: reasonOf(error) }, 'admin operation');
      throw error;
    }
  }
}

/** What is done to a member; an erase is never put off. */
function isOfMember({ path, method }: Operation): boolean {
  return method !== 'DELETE' && path.startsWith('/v1/members/');
}

/** As it was given: what is no id will be refused for that. */
function memberOf({ value }: RawInput): string {
  return String(Object(value).memberId);
}
