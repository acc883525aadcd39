// Stage "request": whether a request can be answered at all.
import { EngineError } from '../../base/errors.ts';
import type { RecommendRequest } from '../request.ts';

/** Throws INVALID_ARGUMENT where the scenario lacks what it starts from. */
export function assertAnswerable({ scenario, itemId, memberId }: RecommendRequest): void {
  if ((scenario === 'similar' || scenario === 'bought-together') && itemId === undefined) {
    throw new EngineError('INVALID_ARGUMENT', `itemId is required for scenario ${scenario}`, {
      field: 'itemId',
    });
  }
  if (scenario === 'buy-again' && memberId === undefined) {
    throw new EngineError('INVALID_ARGUMENT', 'memberId is required for scenario buy-again', {
      field: 'memberId',
    });
  }
}
