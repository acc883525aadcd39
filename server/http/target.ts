// The request target: path and query as they came in, split before they are decoded, so that no id
// is taken for a route.
import { type ParseIssue, setOwn } from '../json.ts';
import type { SchemaNode } from '../operations/violations.ts';
import { quoteValue } from '../quote-value.ts';
import { HttpRefusal } from './problem.ts';

/** The path exactly as sent: no decoding, and no dot segments resolved (`..` may be an id). */
export function rawPath(target: string): string {
  const local = withoutAuthority(target);
  const end = local.indexOf('?');
  return end === -1 ? local : local.slice(0, end);
}

/** What follows the first `?`, as sent. */
export function rawQuery(target: string): string {
  const start = target.indexOf('?');
  return start === -1 ? '' : target.slice(start + 1);
}

/** The fields that the `{names}` of a path template stand for. */
export interface PathField {
  readonly name: string;
  /** Which segment of the raw path, split at `/`. */
  readonly index: number;
}

export function pathFields(template: string): readonly PathField[] {
  return template.split('/').flatMap((segment, index) => {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    return name === undefined ? [] : [{ name, index }];
  });
}

/** Decodes the ids of a path; 400 for percent signs that are not UTF-8. */
export function readPath(path: string, fields: readonly PathField[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  if (fields.length === 0) return values;
  const segments = path.split('/');
  for (const { name, index } of fields) values[name] = decode(segments[index] ?? '', name);
  return values;
}

export type QueryFields = Readonly<Record<string, SchemaNode>>;

/**
 * Adds the fields of a query to `into`. Form rules as in the URL standard: `+` is a space (write
 * `%2B` for a plus). A list is the name repeated, never split at commas, which ids may hold.
 * Cache busters are passed over. Integers become numbers when they are written plainly; anything
 * else stays text for the schema to refuse.
 */
export function readQuery(
  query: string,
  fields: QueryFields,
  into: Record<string, unknown>,
): ParseIssue[] {
  const parseIssues: ParseIssue[] = [];
  if (query === '') return parseIssues;
  for (const pair of query.split('&')) {
    if (pair === '') continue;
    if (isCacheBuster(pair)) continue;
    const equals = pair.indexOf('=');
    const name = decode(spaced(equals === -1 ? pair : pair.slice(0, equals)), 'query');
    const text = decode(spaced(equals === -1 ? '' : pair.slice(equals + 1)), quoteValue(name));
    const node = Object.hasOwn(fields, name) ? fields[name] : undefined;
    const taken = Object.hasOwn(into, name);
    if (node?.type === 'array') {
      if (taken) (into[name] as string[]).push(text);
      else into[name] = [text];
    } else if (taken) {
      parseIssues.push({
        path: [name],
        value: quoteValue(text),
        limit: 'once',
        message: 'is given more than once',
      });
    } else {
      setOwn(into, name, node?.type === 'integer' ? integerOrText(text) : text);
    }
  }
  return parseIssues;
}

/** `_=1`, `_t=1`: what libraries add so that no cache answers. No field of ours begins so. */
export function isCacheBuster(pair: string): boolean {
  return pair.charCodeAt(0) === 95 && /^_[a-z0-9]{0,8}(?:=|$)/i.test(pair);
}

function integerOrText(text: string): number | string {
  return /^(?:0|-?[1-9]\d{0,15})$/.test(text) ? Number(text) : text;
}

function spaced(text: string): string {
  return text.includes('+') ? text.replaceAll('+', ' ') : text;
}

function withoutAuthority(target: string): string {
  if (target.charCodeAt(0) === 47) return target;
  return target.replace(/^https?:\/\/[^/?]*/i, '') || '/';
}

/** Node's parser lets only ASCII through, so that all there is to decode is percent signs. */
function decode(text: string, field: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    const message = 'is not percent-encoded UTF-8';
    const limit = 'percent-encoded UTF-8 (RFC 3986)';
    throw new HttpRefusal(400, `${field} ${message}`, {
      violations: [{ field, value: quoteValue(text), limit, message }],
      cause,
    });
  }
}
