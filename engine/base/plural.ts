// Numbers with their noun, for sentences that people read.

/** `1 item`, `2 items`; `many` where the plural is no mere `s`. */
export function counted(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}
