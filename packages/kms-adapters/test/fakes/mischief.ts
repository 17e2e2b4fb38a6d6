import type { Mischief } from "./vendor-server.ts";

/** Answers that no vendor gives on purpose: what proxies, outages and attackers make of one. */

/** Accepts the request and never says a word. */
export const hang: Mischief = () => {};

/** Closes the connection in the middle of the body. */
export const cut: Mischief = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"ciphertext":"AAAA');
  setTimeout(() => response.destroy(), 20);
};

/** Closes the connection before any answer. */
export const drop: Mischief = (response) => {
  response.destroy();
};

export const html: Mischief = (response) => {
  response.writeHead(200, { "content-type": "text/html" });
  response.end("<html><body>Sign in to the network</body></html>");
};

export const redirect =
  (location: string): Mischief =>
  (response) => {
    response.writeHead(307, { location });
    response.end();
  };

export const reply =
  (status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Mischief =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
