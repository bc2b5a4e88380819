//! What do all targets have in common? Clouds whose keys are ours, one genuine proof of each, and a
//! broker's trust in them.
//!
//! The keys are an emulator's, made when they are first needed and kept in `fuzz/keys`, so that
//! what was found in one run means the same in the next. The time stands still.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::emulator::asn1::{
    definite, null, object_identifier, octet_string, sequence, set, small_integer, tag,
};
use callsign::emulator::aws::SigningKey;
use callsign::emulator::{Keys, Machine};
use callsign::identity::{
    AwsKind, AwsPolicy, AwsTrust, AzureCloud, AzurePolicy, AzureTrust, CurrentKeys, GooglePolicy,
    IdentityProof, KeySet, Policy, Trust, VerifiedInstance, verify,
};
use chrono::{DateTime, TimeDelta, Utc};
use der::asn1::{AnyRef, ObjectIdentifier as Oid};
use der::{Decode as _, Reader as _, SliceReader};

/// The region of the machine.
pub const REGION: &str = "us-east-1";

/// The audience that tokens are for.
pub const AUDIENCE: &str = "callsign";

/// How far a cloud's clock may be ahead.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(60);

const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
const RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
const SHA_256_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.11");

/// The clouds of all targets.
pub static CLOUDS: LazyLock<Clouds> = LazyLock::new(Clouds::open);

/// Clouds whose keys are ours, and a broker that trusts them.
pub struct Clouds {
    /// Their keys.
    pub keys: Keys,
    /// The machine in the words of each.
    pub machine: Machine,
    /// The key of Azure's metadata service.
    azure_key: SigningKey,
    /// Its certificate, DER.
    pub azure_leaf: Vec<u8>,
    /// The certificate between that and the root, DER.
    pub azure_issuing: Vec<u8>,
    trust: Trust,
    policy: Policy,
}

/// The time of all targets.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

impl Clouds {
    fn open() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("keys");
        let keys = Keys::keep(&folder, REGION).unwrap();
        let machine = Machine::named("i-0123456789abcdef0", "123456789012", REGION, now()).unwrap();
        let message = keys.azure.attested(&machine.azure, None, now()).unwrap();
        Self {
            azure_key: SigningKey::load(&folder.join("azure-leaf.pk8")).unwrap(),
            azure_leaf: certificate_in(&STANDARD.decode(message).unwrap()),
            azure_issuing: keys.azure.intermediate().unwrap(),
            trust: trust(&keys),
            policy: policy(),
            machine,
            keys,
        }
    }

    /// What a broker makes of a proof: the machine that it believes.
    pub fn believed(&self, proof: &IdentityProof) -> Option<VerifiedInstance> {
        verify(proof, &self.trust, &self.policy, now()).ok()
    }

    /// What Azure's metadata service signs this content with.
    pub fn azure_signature(&self, content: &[u8]) -> Vec<u8> {
        self.azure_key.sign(content).unwrap()
    }

    /// Azure's message with this content and this signature of it, and these bytes in the place of
    /// certificates.
    pub fn azure_message(&self, content: &[u8], signature: &[u8], certificates: &[u8]) -> Vec<u8> {
        let issuer_and_serial_number = sequence(&name_of(&self.azure_leaf));
        let signer = sequence(&[
            &small_integer(1),
            &issuer_and_serial_number,
            &algorithm(SHA_256_WITH_RSA),
            &algorithm(RSA),
            &octet_string(signature),
        ]);
        let content = definite(tag::CONTEXT_0, &[&octet_string(content)]);
        let signed_data = sequence(&[
            &small_integer(1),
            &set(&[&algorithm(SHA_256_WITH_RSA)]),
            &sequence(&[&object_identifier(DATA), &content]),
            &definite(tag::CONTEXT_0, &[certificates]),
            &set(&[&signer]),
        ]);
        sequence(&[&object_identifier(SIGNED_DATA), &definite(tag::CONTEXT_0, &[&signed_data])])
    }
}

/// A message as a caller sends it, with these certificates beside it.
pub fn azure_proof(message: &[u8], certificates: &[&[u8]]) -> Option<IdentityProof> {
    let certificates: Vec<String> = certificates.iter().map(|der| STANDARD.encode(der)).collect();
    IdentityProof::azure_attested(&STANDARD.encode(message), &certificates).ok()
}

/// The first certificate that a message brings along.
pub fn certificate_in(message: &[u8]) -> Vec<u8> {
    let signed_data = elements(elements(elements(message)[1])[0]);
    elements(signed_data[3])[0].to_vec()
}

/// The content of a message.
pub fn content_of(message: &[u8]) -> Vec<u8> {
    let signed_data = elements(elements(elements(message)[1])[0]);
    let content = elements(elements(signed_data[2])[1])[0];
    AnyRef::from_der(content).unwrap().value().to_vec()
}

/// The issuer and the serial number of a certificate.
fn name_of(certificate: &[u8]) -> [&[u8]; 2] {
    let certificate = elements(elements(certificate)[0]);
    [certificate[3], certificate[1]]
}

/// The elements inside of an element.
fn elements(element: &[u8]) -> Vec<&[u8]> {
    let mut reader = SliceReader::new(AnyRef::from_der(element).unwrap().value()).unwrap();
    let mut elements = Vec::new();
    while !reader.is_finished() {
        elements.push(reader.tlv_bytes().unwrap());
    }
    elements
}

fn algorithm(oid: Oid) -> Vec<u8> {
    sequence(&[&object_identifier(oid), &null()])
}

/// Azure's root alone is trusted, so that every path takes a certificate that was sent.
fn trust(keys: &Keys) -> Trust {
    let google = CurrentKeys::default();
    let jwks = keys.google.jwks().unwrap().to_string();
    google.replace(Arc::new(KeySet::parse(jwks.as_bytes()).unwrap()), now(), None);
    Trust {
        aws: AwsTrust::parse(&keys.aws.trust_toml(REGION).unwrap()).unwrap(),
        azure: AzureTrust::parse(&keys.azure.root_trust_toml().unwrap()).unwrap(),
        google: Some(google),
        ..Trust::default()
    }
}

fn policy() -> Policy {
    Policy {
        leeway: LEEWAY,
        aws: AwsPolicy {
            accept: [AwsKind::Rsa2048, AwsKind::Rsa1024].into(),
            ..AwsPolicy::default()
        },
        azure: AzurePolicy { clouds: [AzureCloud::Public].into(), ..AzurePolicy::default() },
        google: GooglePolicy { audiences: [AUDIENCE.to_owned()].into(), ..GooglePolicy::default() },
    }
}
