// The settings of who asks from where, and of how much they may ask.
import { z } from 'zod';
import { forwardedHeaders } from './client-address.ts';
import { isNetwork } from './networks.ts';

function isNetworkList(text: string): boolean {
  return text === 'none' || text.split(',').every(isNetwork);
}

/** Spread into the table of server/config.ts. */
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
} as const;
