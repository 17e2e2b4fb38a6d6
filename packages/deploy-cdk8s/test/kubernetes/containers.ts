import { generateKeyPairSync } from "node:crypto";
import type { Certificate } from "@tenant-security/testkit";
import { GenericContainer, Network, type StartedTestContainer, Wait } from "testcontainers";

const ETCD = "registry.k8s.io/etcd:3.4.23";
const API_SERVER = "registry.k8s.io/kube-apiserver:v1.36.3";
const PORT = 6443;

export interface RunningServer {
  readonly host: string;
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** An API server that serves with a certificate, and whose administrator has a token. */
export async function startContainers(
  certificate: Certificate,
  token: string,
): Promise<RunningServer> {
  const network = await new Network().start();
  const containers: StartedTestContainer[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(containers.map((container) => container.stop()));
    await network.stop();
  };
  try {
    containers.push(await etcd().withNetwork(network).withNetworkAliases("etcd").start());
    const server = await apiServer(certificate, token).withNetwork(network).start();
    containers.push(server);
    return { host: server.getHost(), port: server.getMappedPort(PORT), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function etcd(): GenericContainer {
  return new GenericContainer(ETCD)
    .withEntrypoint(["etcd"])
    .withCommand([
      "--listen-client-urls=http://0.0.0.0:2379",
      "--advertise-client-urls=http://etcd:2379",
      "--data-dir=/tmp/etcd",
    ])
    .withWaitStrategy(Wait.forLogMessage(/ready to serve client requests/))
    .withStartupTimeout(120_000);
}

function apiServer({ cert, key }: Certificate, token: string): GenericContainer {
  const accounts = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  return new GenericContainer(API_SERVER)
    .withEntrypoint(["kube-apiserver"])
    .withCopyContentToContainer([
      file("tls.crt", cert),
      file("tls.key", key),
      file("accounts.key", accounts.export({ type: "pkcs8", format: "pem" }).toString()),
      file("tokens.csv", `${token},admin,admin,"system:masters"\n`),
    ])
    .withCommand([
      "--etcd-servers=http://etcd:2379",
      `--secure-port=${PORT}`,
      "--tls-cert-file=/tmp/tls.crt",
      "--tls-private-key-file=/tmp/tls.key",
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-account-key-file=/tmp/accounts.key",
      "--service-account-signing-key-file=/tmp/accounts.key",
      "--token-auth-file=/tmp/tokens.csv",
      "--authorization-mode=RBAC",
      "--service-cluster-ip-range=10.0.0.0/24",
      // Without controllers nobody makes the default accounts that it would ask for.
      "--disable-admission-plugins=ServiceAccount",
    ])
    .withExposedPorts(PORT)
    .withWaitStrategy(
      Wait.forHttp("/readyz", PORT)
        .usingTls()
        .allowInsecure()
        .withHeaders({ Authorization: `Bearer ${token}` })
        .forStatusCode(200),
    )
    .withStartupTimeout(120_000);
}

function file(name: string, content: string): { target: string; content: string } {
  return { target: `/tmp/${name}`, content };
}
