/** A configuration file with every vendor, for the documentation. A test reads it. */
export const EXAMPLE_DOCUMENT = `version: 1

kmsConfigurations:
  - id: 534
    type: GCP
    keyPath:
      projectId: acme-prod
      locationId: us-central1
      keyRingId: tenant-security
      cryptoKeyId: documents
    credentials:
      client_email: proxy@acme-prod.iam.gserviceaccount.com
      private_key: { fromFile: secrets/acme-gcp.pem }
    leasingAllowed: true

  - id: 535
    type: AWS
    keyPath:
      keyID: arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
    credentials:
      accessKeyId: { fromFile: secrets/globex-aws-id }
      secretAccessKey: { fromFile: secrets/globex-aws-secret }

  - id: 536
    type: AZURE
    keyPath:
      keyName: documents
      vaultBaseUrl: https://initech.vault.azure.net
    credentials:
      tenantGuid: 00000000-0000-0000-0000-000000000001
      clientId: 00000000-0000-0000-0000-000000000002
      clientSecret: { fromEnv: INITECH_AZURE_SECRET }

  - id: 537
    type: THALES
    keyPath:
      keyId: documents
      serviceUrl: https://ciphertrust.umbrella.example
    credentials:
      username: proxy
      password: { fromFile: secrets/umbrella-thales }
      caCertificate: { fromFile: secrets/umbrella-ca.pem }

  - id: 538
    type: VAULT
    keyPath:
      address: https://vault.hooli.example:8200
      mountPath: transit
      keyName: documents
    credentials:
      roleId: { fromFile: secrets/hooli-role-id }
      secretId: { fromFile: secrets/hooli-secret-id }

  - id: 539
    type: LOCAL
    keyPath:
      keyName: demo
    credentials:
      keys:
        - { version: 1, key: { fromFile: secrets/demo-1.key } }

tenants:
  # Moved from AWS to Google: new keys are wrapped by 534, old ones are still unwrapped by 535.
  - id: acme
    configurations:
      - { id: 534, active: true, primary: true }
      - { id: 535, active: true }
    keyLeasingRequired: true
    tags: [production]

  - id: globex
    configurations: [{ id: 535, primary: true }]

  - id: initech
    configurations: [{ id: 536, primary: true }]

  - id: umbrella
    configurations: [{ id: 537, primary: true }]

  - id: hooli
    configurations: [{ id: 538, primary: true }]

  # Switched off: every request of this tenant is refused.
  - id: demo
    configurations: [{ id: 539, active: false }]
`;
