import type { k8s } from "cdk8s-plus-27";
import { CONTRACT } from "../contract.ts";
import type { Plan } from "../plan.ts";

/** Where Secrets are found in the container. */
export const FOLDERS = {
  configuration: "/etc/tsp",
  tls: "/etc/tsp-tls",
  curve: "/etc/tsp-curve",
} as const;

/** Readable by the group, which is the pod's `fsGroup`. */
const MODE = 0o440;

interface Mounts {
  readonly volumes: k8s.Volume[];
  readonly volumeMounts: k8s.VolumeMount[];
}

/** The files of the pod. Whole folders: Kubernetes does not renew files that are mounted alone. */
export function mounts({ configuration, tls, events }: Plan): Mounts {
  const claim = configuration.tenantSecretsClaim;
  const parts = [
    secret("configuration", configuration.secretName, FOLDERS.configuration),
    ...(claim === undefined ? [] : [tenantSecrets(claim)]),
    ...(tls === undefined ? [] : [secret("tls", tls.secretName, FOLDERS.tls)]),
    ...(events.enabled && events.curveSecret !== undefined
      ? [secret("curve", events.curveSecret, FOLDERS.curve)]
      : []),
  ];
  return {
    volumes: parts.map(({ volume }) => volume),
    volumeMounts: parts.map(({ mount }) => mount),
  };
}

interface Part {
  readonly volume: k8s.Volume;
  readonly mount: k8s.VolumeMount;
}

function secret(name: string, secretName: string, mountPath: string): Part {
  return {
    volume: { name, secret: { secretName, defaultMode: MODE } },
    mount: { name, mountPath, readOnly: true },
  };
}

function tenantSecrets(claimName: string): Part {
  const name = CONTRACT.tenantSecretsFolder;
  return {
    volume: { name, persistentVolumeClaim: { claimName } },
    mount: { name, mountPath: `${FOLDERS.configuration}/${name}` },
  };
}
