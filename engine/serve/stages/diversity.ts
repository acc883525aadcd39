// Stage "diversity": not too much of one shelf or brand. Nothing is limited yet: all pass.
import type { Stage } from '../draft.ts';

export const diversity: Stage = { name: 'diversity', run: () => {} };
