#!/bin/sh
# What a tenant's administrator does in Vault: a key, a policy with two verbs, a role. May run again.
set -eu

tries=0
until vault status >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ] || { echo "Vault does not answer at $VAULT_ADDR" >&2; exit 1; }
  sleep 1
done

vault secrets list | grep -q '^transit/' || vault secrets enable transit
for key in acme globex initech; do vault write -f "transit/keys/$key" >/dev/null; done

vault policy write tsp - <<'HCL'
path "transit/encrypt/acme"   { capabilities = ["update"] }
path "transit/decrypt/acme"   { capabilities = ["update"] }
path "transit/encrypt/globex" { capabilities = ["update"] }
path "transit/decrypt/globex" { capabilities = ["update"] }
HCL

vault auth list | grep -q '^approle/' || vault auth enable approle
vault write auth/approle/role/tsp token_policies=tsp token_ttl=1h token_max_ttl=24h >/dev/null

# The proxy runs as another user.
umask 022
vault read -field=role_id auth/approle/role/tsp/role-id >/credentials/role-id
vault write -f -field=secret_id auth/approle/role/tsp/secret-id >/credentials/secret-id
echo "Vault is ready: keys, policy and role are there"
