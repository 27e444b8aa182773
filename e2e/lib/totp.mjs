// What an authenticator shows for a key (RFC 6238, SHA-1, six digits, 30 seconds).
import { createHmac } from 'node:crypto';

export function totp(key, at = Date.now()) {
  const bits = [...key.replace(/\s/g, '')].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', secret).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The code before the one shown now, which is still taken: begun early in a step, so that it is sent in the same one. */
export async function previousCode(key) {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 10_000) await new Promise((go) => setTimeout(go, left + 50));
  return totp(key, Date.now() - 30_000);
}
