/** A client that is told by its arguments where to go: `--trusts` shows that it trusts the server's certificate. */

import tls from 'node:tls';
import { dial } from '#src/tcp/master-place.js';

const [port = '', token = '', what = ''] = process.argv.slice(2);
if (what === '--trusts') await assertTrust(Number(port));
try {
  await dial({ host: '127.0.0.1', port: Number(port), token }, 'job');
  console.log('connected');
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException;
  console.log(`${code}: ${message}`);
}
process.exit();

/** Any other program here believes that the server is what its certificate says. */
function assertTrust(to: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port: to, servername: 'localhost' }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });
}
