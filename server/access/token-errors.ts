// Why a member token is refused: one reason for each, in words that name the claim.
import { EngineError } from '../../engine/index.ts';

const placeOfToken = 'authorization';

/** `what` is a claim, or a part of the head. */
export function invalidToken(what: string, message: string, cause?: unknown): EngineError {
  return refusal('TOKEN_INVALID', `${what} ${message}`, cause);
}

export function expiredToken(): EngineError {
  return refusal('TOKEN_EXPIRED', 'exp has passed; ask its issuer for another');
}

function refusal(reason: string, why: string, cause?: unknown): EngineError {
  const message = `is a member token that is not taken: ${why}`;
  return new EngineError('UNAUTHENTICATED', `${placeOfToken} ${message}`, {
    reason,
    violations: [{ field: placeOfToken, message }],
    cause,
  });
}
