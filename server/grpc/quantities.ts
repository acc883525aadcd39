// Messages with lines as the operations take them: a quantity is one number, whichever field says
// it. proto3 does not tell 0 pieces from none given, so that both are the default.
import { ScanSessionRequest } from '#proto/caini/v1/checkout.js';
import { Purchase, Return, UnreferencedReturn } from '#proto/caini/v1/ingest.js';
import type { Decoder } from './input.ts';

interface Counted {
  quantity?: number | undefined;
  quantityThousandths?: number | undefined;
}

/** `without` is what `quantity` holds where nothing was given. */
function settleQuantity(counted: Counted, without: number | undefined): void {
  const { quantity, quantityThousandths } = counted;
  if (quantityThousandths !== undefined) counted.quantity = quantityThousandths / 1_000;
  else if (quantity === without) counted.quantity = undefined;
  counted.quantityThousandths = undefined;
}

function withLines<Message extends { readonly lines: readonly Counted[] }>(
  type: Decoder<Message>,
): Decoder<Message> {
  return {
    decode(reader) {
      const message = type.decode(reader);
      for (const line of message.lines) settleQuantity(line, 0);
      return message;
    },
  };
}

export const purchaseMessage = withLines(Purchase);
export const returnMessage = withLines(Return);
export const unreferencedReturnMessage = withLines(UnreferencedReturn);

/** Of a scan that it was given no quantity is told from 0. */
export const scanSessionMessage: Decoder<ScanSessionRequest> = {
  decode(reader) {
    const message = ScanSessionRequest.decode(reader);
    if (message.event?.$case === 'scan') settleQuantity(message.event.scan, undefined);
    return message;
  },
};
