/**
 * A certificate that signs itself (X.509 in DER, RFC 5280), for a server on this host. Who trusts it as an authority
 * takes the server for what it says.
 */

import { generateKeyPairSync, sign } from 'node:crypto';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const [SEQUENCE, SET, INTEGER, BITS, BYTES, OBJECT, TEXT, TIME, TRUE] = [
  0x30, 0x31, 0x02, 0x03, 0x04, 0x06, 0x0c, 0x18, 0x01,
] as const;
const ECDSA_WITH_SHA256 = '2a8648ce3d040302';
const COMMON_NAME = '550403';
const ALTERNATIVE_NAMES = '551d11';
const BASIC_CONSTRAINTS = '551d13';

export function ownCertificate(): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(SEQUENCE, der(OBJECT, ECDSA_WITH_SHA256));
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, der(OBJECT, COMMON_NAME), der(TEXT, text('localhost')))));
  const validity = der(SEQUENCE, der(TIME, text('20200101000000Z')), der(TIME, text('21200101000000Z')));
  const names = der(SEQUENCE, der(0x82, text('localhost')), der(0x87, '7f000001'));
  const isAuthority = der(SEQUENCE, der(TRUE, 'ff'));
  const extensions = der(
    SEQUENCE,
    der(SEQUENCE, der(OBJECT, BASIC_CONSTRAINTS), der(BYTES, isAuthority)),
    der(SEQUENCE, der(OBJECT, ALTERNATIVE_NAMES), der(BYTES, names)),
  );
  const told = der(
    SEQUENCE,
    der(0xa0, der(INTEGER, '02')),
    der(INTEGER, '01'),
    algorithm,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', told, privateKey)]);
  return {
    cert: pem(der(SEQUENCE, told, algorithm, der(BITS, signature))),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** A value with its kind and length; texts are hexadecimal digits. */
function der(kind: number, ...contents: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(
    contents.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)),
  );
  const { length } = body;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([kind, ...head]), body]);
}

function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
