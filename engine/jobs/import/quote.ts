// Quotes what stands in a file for a message, so that one long value does not fill it.
const quotedMax = 80;

export function quote(text: string): string {
  const short = text.length > quotedMax ? `${text.slice(0, quotedMax)}…` : text;
  return JSON.stringify(short);
}
