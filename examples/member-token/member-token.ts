// The backend of a mini-program: the code of wx.login in, a token for Caini out (jose 6, Node 20).
import { importJWK, SignJWT } from 'jose';

const { WX_APPID: appid = '', WX_SECRET: secret = '', MEMBER_TOKEN_KEY = '' } = process.env;
const { WX_API: weixin = 'https://api.weixin.qq.com' } = process.env;
const jwk = JSON.parse(MEMBER_TOKEN_KEY); // what `caini keys token-issuer create` has printed

export type MemberNumberOf = (openid: string) => Promise<string | undefined>;

/** `memberNumberOf` asks the chain's own records whose openid that is. */
export async function memberToken(code: string, memberNumberOf: MemberNumberOf): Promise<string> {
  const query = { appid, secret, js_code: code, grant_type: 'authorization_code' };
  const reply = await fetch(`${weixin}/sns/jscode2session?${new URLSearchParams(query)}`);
  const session = (await reply.json()) as { openid?: string; errcode?: number; errmsg?: string };
  if (!session.openid) throw new Error(`code2Session: ${session.errcode} ${session.errmsg}`);
  const sub = await memberNumberOf(session.openid);
  if (!sub) throw new Error('this openid belongs to no member yet');
  const { alg, kid } = jwk;
  const token = new SignJWT({ iss: 'member-backend', aud: 'caini', sub, scope: 'lists catalogue' });
  token.setProtectedHeader({ alg, kid }).setIssuedAt().setExpirationTime('10m');
  return token.sign(await importJWK(jwk, alg));
}
