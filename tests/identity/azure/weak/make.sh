#!/bin/sh
# Makes the signatures and certificates in this folder that no library of ours makes: by MD5 and
# SHA-1, and with RSA keys too small to count. Needs OpenSSL 3. The keys are thrown away.
set -eu
cd "$(dirname "$0")"
keys=$(mktemp -d)
trap 'rm -r "$keys"' EXIT

document=document.json
key() { openssl genrsa -out "$keys/$1" "$2" 2>/dev/null; }
sign() { openssl dgst -"$1" -sign "$keys/$2" "$document" | openssl base64 -A >"$3"; }

# issue DIGEST KEY ISSUER PROFILE FILE: a certificate of KEY, named after it.
issue() {
    printf '%s\n' \
        '[leaf]' 'keyUsage = critical, digitalSignature' 'extendedKeyUsage = serverAuth' \
        'subjectAltName = DNS:eastus.metadata.azure.com' \
        '[authority]' 'keyUsage = critical, keyCertSign' 'basicConstraints = critical, CA:TRUE' \
        >"$keys/profiles"
    openssl req -new -key "$keys/$2" -subj "/CN=$2" -out "$keys/request"
    openssl x509 -req -in "$keys/request" -days 36500 -"$1" -extfile "$keys/profiles" \
        -extensions "$4" -CA "$keys/$3.pem" -CAkey "$keys/$3" -out "$5" 2>/dev/null
}

key root 2048
openssl req -x509 -new -key "$keys/root" -subj /CN=root -days 36500 -sha256 \
    -addext 'keyUsage = critical, keyCertSign' -out root.pem
cp root.pem "$keys/root.pem"

key leaf 2048
for digest in md5 sha1 sha256; do
    issue "$digest" leaf root leaf "leaf-$digest.pem"
    sign "$digest" leaf "leaf-$digest.signature"
done
for bits in 512 1024; do
    key "leaf-$bits" "$bits"
    issue sha256 "leaf-$bits" root leaf "leaf-$bits.pem"
    sign sha256 "leaf-$bits" "leaf-$bits.signature"
    key "authority-$bits" "$bits"
    issue sha256 "authority-$bits" root authority "authority-$bits.pem"
    cp "authority-$bits.pem" "$keys/authority-$bits.pem"
    issue sha256 leaf "authority-$bits" leaf "leaf-of-authority-$bits.pem"
done
