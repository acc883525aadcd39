// Port: members. What is done for one member.
import { type EraseParts, type EraseReceipt, eraseExactly } from '../jobs/erase.ts';
import type { Readiness } from './readiness.ts';

export interface MembersPort {
  /**
   * Forgets a member, and every id merged into them, exactly: when it resolves, nothing of theirs
   * is counted, served or accepted. Erasing an unknown member succeeds with nothing removed.
   */
  erase(memberId: string): Promise<EraseReceipt>;
}

export interface MembersParts extends EraseParts {
  readonly readiness: Readiness;
}

export function membersOf(parts: MembersParts): MembersPort {
  return {
    erase: (memberId) => {
      parts.readiness.assertReadyOrOversize();
      return eraseExactly(parts, memberId);
    },
  };
}
