/** The demo's tenants, as the configuration file of a new installation: to be read and changed. */
export const DEMO_CONFIGURATION = `# Tenants of the demo. Change this file while the proxy runs: it is read again at once.
# docs/configuration.md describes every member.
version: 1

# How to reach each KMS. An id is stored with every key that the KMS protects: never reuse one.
kmsConfigurations:
  - id: 1
    # The embedded KMS: a 32-byte key in a file. AWS, GCP, AZURE, THALES and VAULT are the others.
    type: LOCAL
    keyPath: { keyName: acme }
    credentials:
      keys:
        # The newest version wraps, all of them unwrap. Paths are relative to this file.
        - { version: 1, key: { fromFile: keys/acme-1.key } }
    # Wraps and unwraps happen in memory, under a leased key that this KMS protects.
    leasingAllowed: true

  - id: 2
    type: LOCAL
    keyPath: { keyName: globex }
    credentials:
      keys:
        - { version: 1, key: { fromFile: keys/globex-1.key } }
    # Every wrap and unwrap asks the KMS.
    leasingAllowed: false

  - id: 3
    type: LOCAL
    keyPath: { keyName: initech }
    credentials:
      keys:
        - { version: 1, key: { fromFile: keys/initech-1.key } }
    leasingAllowed: false

tenants:
  # Leased.
  - id: acme
    configurations: [{ id: 1, active: true, primary: true }]

  # Not leased.
  - id: globex
    configurations: [{ id: 2, active: true, primary: true }]

  # Disabled: requests for this tenant are refused until \`active\` and \`primary\` are true.
  - id: initech
    configurations: [{ id: 3, active: false, primary: false }]
`;

/** Files of 32-byte keys that the configuration names, relative to it. */
export const DEMO_KEY_FILES: readonly string[] = [
  "keys/acme-1.key",
  "keys/globex-1.key",
  "keys/initech-1.key",
];
