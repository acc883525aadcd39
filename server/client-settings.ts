// The settings of who asks from where, and of how much they may ask.
import { z } from 'zod';
import { forwardedHeaders } from './client-address.ts';
import { doorLimits } from './limits.ts';
import { isNetwork } from './networks.ts';

const perMinuteSchema = z.union([z.int().min(1).max(doorLimits.perMinuteMax), z.literal('none')]);
const perMinuteAllowed = `an integer from 1 to ${doorLimits.perMinuteMax}, or none`;

function isNetworkList(text: string): boolean {
  return text === 'none' || text.split(',').every(isNetwork);
}

/** Spread into the table of server/setting-definitions.ts. */
export const clientSettings = {
  trustedProxies: {
    schema: z.string().refine(isNetworkList),
    default: 'none',
    allowed: 'addresses or networks such as 10.0.0.0/8 with commas, or none',
  },
  forwardedHeader: {
    schema: z.enum(forwardedHeaders),
    default: 'x-forwarded-for',
    allowed: `one of ${forwardedHeaders.join(', ')}`,
  },
  failuresPerMinute: { schema: perMinuteSchema, default: 60, allowed: perMinuteAllowed },
  memberRequestsPerMinute: { schema: perMinuteSchema, default: 600, allowed: perMinuteAllowed },
  guideMembersPerMinute: { schema: perMinuteSchema, default: 120, allowed: perMinuteAllowed },
} as const;
