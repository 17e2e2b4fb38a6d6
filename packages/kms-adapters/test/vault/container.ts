import { type StartedVaultContainer, VaultContainer } from "@testcontainers/vault";
import { beforeAll } from "vitest";

export const ROOT = "root-token-of-the-tests";

interface Answer {
  readonly status: number;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A real server of Vault's API for the tests of one suite. */
export interface RealVault {
  /** The name of its command line tool. */
  readonly program: string;
  readonly host: () => string;
  readonly port: () => number;
  readonly origin: () => string;
  /** Calls the API as root, or with another token. Throws unless the answer is 2xx. */
  readonly api: VaultApi;
  /** Runs a command beside the server, logged in as root; gives back what it printed. */
  readonly command: (...words: readonly string[]) => Promise<string>;
}

type VaultApi = (method: string, path: string, body?: object, token?: string) => Promise<Answer>;

/** The API at an origin that is known by the time of the first call. */
export function vaultApi(origin: () => string): VaultApi {
  return async (method, path, body, token = ROOT) => {
    const response = await fetch(`${origin()}/v1/${path}`, {
      method,
      headers: { "x-vault-token": token },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    const { data } = JSON.parse(text || "{}") as { data?: Answer["data"] };
    return { status: response.status, data: data ?? {} };
  };
}

export function useVault(): RealVault {
  let host = "";
  let port = 0;
  let container: StartedVaultContainer;
  const origin = (): string => `http://${host}:${port}`;
  const api = vaultApi(origin);

  beforeAll(async () => {
    container = await new VaultContainer("hashicorp/vault:1.21").withVaultToken(ROOT).start();
    host = container.getHost();
    port = container.getMappedPort(8200);
    await api("POST", "sys/mounts/transit", { type: "transit" });
    return async () => void (await container.stop());
  }, 120_000);

  async function command(...words: readonly string[]): Promise<string> {
    const env = { VAULT_ADDR: "http://127.0.0.1:8200", VAULT_TOKEN: ROOT };
    const { exitCode, output } = await container.exec([...words], { env });
    if (exitCode !== 0) throw new Error(`${words[0]} ended with ${exitCode}: ${output}`);
    return output;
  }

  return { program: "vault", command, host: () => host, port: () => port, origin, api };
}
