import { WebSocket } from 'ws';

export interface RawWebSocketOptions {
  readonly token?: string | undefined;
  readonly ca?: string | undefined;
  readonly protocols?: readonly string[];
  readonly origin?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a WebSocket ends with: an answer before the upgrade, or a close code. */
export interface End {
  readonly status?: number | undefined;
  readonly closeCode?: number;
  readonly reason?: string;
  /** Of the error that was told: in the answer, or in a `reject` frame. */
  readonly code?: string;
}

/** A WebSocket as a client of another make opens it. */
export function rawWebSocket(url: string, options: RawWebSocketOptions = {}): WebSocket {
  const { token, ca, origin, headers, protocols = ['triterm.v1'] } = options;
  const webSocket = new WebSocket(url, [...protocols], {
    perMessageDeflate: false,
    ...(ca === undefined ? {} : { ca }),
    ...(origin === undefined ? {} : { origin }),
    headers: { ...headers, ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }) },
  });
  return webSocket.on('error', () => {});
}

export async function endOf(webSocket: WebSocket): Promise<End> {
  return new Promise(resolve => {
    let reject: string | undefined;
    webSocket.on('message', (data: Buffer) => {
      const message: { reject?: { code: string } } = JSON.parse(data.subarray(10).toString());
      reject = message.reject?.code;
    });
    webSocket.on('unexpected-response', async (_request, response) => {
      let body = '';
      for await (const chunk of response) body += String(chunk);
      resolve({ status: response.statusCode, ...told(body) });
      webSocket.terminate();
    });
    webSocket.on('close', (closeCode, reason) =>
      resolve({ closeCode, reason: String(reason), ...(reject === undefined ? {} : { code: reject }) }),
    );
  });
}

function told(body: string): { code?: string } {
  if (!body.startsWith('{')) return {};
  const answer: { error: { code: string } } = JSON.parse(body);
  return { code: answer.error.code };
}
