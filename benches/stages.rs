//! What does each stage of a login cost alone? One thread, no actors, no database: the pure
//! functions that the rooms are made of.
//!
//! `cargo bench --bench stages`

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to tell")]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::directory::selection::{LiveResource, RootAgent, select};
use callsign::emulator::Machine;
use callsign::emulator::aws::{AwsSigner, MachineFacts};
use callsign::emulator::azure::AzureSigner;
use callsign::emulator::google::{Detail, GoogleSigner};
use callsign::event::AsOf;
use callsign::identity::{
    AwsKind, AwsPolicy, AwsTrust, AzureCloud, AzurePolicy, AzureTrust, Challenger, CurrentKeys,
    GooglePolicy, IdentityProof, KeySet, Policy, Trust, VerifiedInstance, verify,
};
use callsign::names::{InstanceId, Provider, new_id};
use callsign::token::TokenSettings;
use callsign::token::keys::SigningKey;
use callsign::token::mint::mint;
use chrono::{DateTime, TimeDelta, Utc};
use divan::{Bencher, black_box};
use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;
use zeroize::Zeroizing;

/// A region of no other trusted key: how many are tried is part of what a check costs.
const REGION: &str = "eu-bench-1";

fn main() {
    divan::main();
}

/// What a broker with one trusted cloud knows, and what one of its machines would send.
struct Scene {
    trust: Trust,
    policy: Policy,
    pkcs7: String,
    document: String,
    signature: String,
    now: DateTime<Utc>,
}

impl Scene {
    fn set() -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let machine = MachineFacts {
            account: "123456789012".to_owned(),
            region: REGION.to_owned(),
            instance_id: InstanceId::parse(Provider::Aws, "i-0123456789abcdef0").unwrap(),
        };
        let signer = AwsSigner::generate().unwrap();
        let document = signer.document(&machine, now);
        // The whole of the built-in trust, so that finding a key costs what it costs.
        let mut aws = AwsTrust::builtin().unwrap();
        aws.merge(AwsTrust::parse(&signer.trust_toml(REGION).unwrap()).unwrap());
        Self {
            trust: Trust { aws, ..Trust::default() },
            policy: Policy {
                leeway: TimeDelta::seconds(60),
                aws: AwsPolicy {
                    accept: [AwsKind::Rsa2048, AwsKind::Rsa1024].into(),
                    ..AwsPolicy::default()
                },
                ..Policy::default()
            },
            pkcs7: signer.rsa2048(&document, now).unwrap(),
            signature: signer.signature(&document).unwrap(),
            document,
            now,
        }
    }

    fn rsa2048(&self) -> IdentityProof {
        IdentityProof::aws_pkcs7(&self.pkcs7).unwrap()
    }

    fn rsa1024(&self) -> IdentityProof {
        IdentityProof::aws_document(&self.document, &self.signature).unwrap()
    }

    fn verify(&self, proof: &IdentityProof) -> VerifiedInstance {
        verify(proof, &self.trust, &self.policy, self.now).unwrap()
    }
}

fn resource(now: DateTime<Utc>) -> LiveResource {
    let agent = |name: &str| RootAgent { id: new_id(now), name: name.to_owned() };
    LiveResource {
        id: new_id(now),
        name: "build-7".to_owned(),
        account: "123456789012".to_owned(),
        root_agents: vec![agent("main"), agent("dev")],
        as_of: AsOf::UNKNOWN,
    }
}

/// Base64, CMS, RSA-2048, JSON.
#[divan::bench]
fn verify_rsa2048(bencher: Bencher<'_, '_>) {
    let scene = Scene::set();
    bencher.bench(|| scene.verify(&black_box(&scene).rsa2048()));
}

/// Base64, RSA, JSON. AWS's own key has 1024 bits and costs less than the emulator's of 2048.
#[divan::bench]
fn verify_document_and_signature(bencher: Bencher<'_, '_>) {
    let scene = Scene::set();
    bencher.bench(|| scene.verify(&black_box(&scene).rsa1024()));
}

/// Base64, CMS, RSA-2048, a path of three certificates whose middle one was sent along, JSON.
#[divan::bench]
fn verify_azure_document(bencher: Bencher<'_, '_>) {
    let signer = AzureSigner::generate().unwrap();
    let issuing = STANDARD.encode(signer.intermediate().unwrap());
    azure(bencher, &signer, &signer.root_trust_toml().unwrap(), &[issuing]);
}

/// The same where the issuer is an anchor itself, as those are that come with the broker.
#[divan::bench]
fn verify_azure_document_of_known_issuer(bencher: Bencher<'_, '_>) {
    let signer = AzureSigner::generate().unwrap();
    azure(bencher, &signer, &signer.trust_toml().unwrap(), &[]);
}

/// An Azure that is trusted besides the built-in anchors, and a document of one of its machines.
fn azure(bencher: Bencher<'_, '_>, signer: &AzureSigner, trust: &str, sent: &[String]) {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let machine = Machine::named("4242", "my-subscription", "eastus", now).unwrap().azure;
    let document = signer.attested(&machine, None, now).unwrap();
    let mut anchors = AzureTrust::builtin().unwrap();
    anchors.merge(AzureTrust::parse(trust).unwrap());
    let trust = Trust { azure: anchors, ..Trust::default() };
    let azure = AzurePolicy { clouds: [AzureCloud::Public].into(), ..AzurePolicy::default() };
    let policy = Policy { leeway: TimeDelta::seconds(60), azure, ..Policy::default() };
    bencher.bench(|| {
        let proof = IdentityProof::azure_attested(black_box(&document), sent).unwrap();
        verify(&proof, &trust, &policy, now).unwrap()
    });
}

/// Base64, JSON, RSA-2048, JSON.
#[divan::bench]
fn verify_google_token(bencher: Bencher<'_, '_>) {
    let (trust, policy, token, now) = google(None);
    bencher.bench(|| {
        let proof = IdentityProof::google_token(black_box(&token)).unwrap();
        verify(&proof, &trust, &policy, now).unwrap()
    });
}

/// The same of a token that answers a challenge: which one, of each minute and binding that counts?
#[divan::bench]
fn verify_google_token_that_answers(bencher: Bencher<'_, '_>) {
    let (trust, policy, token, now) = google(Some(challenger()));
    bencher.bench(|| {
        let proof = IdentityProof::google_token(black_box(&token)).unwrap();
        verify(&proof, &trust, &policy, now).unwrap()
    });
}

/// What anybody may ask for, as often as they like.
#[divan::bench]
fn give_challenge(bencher: Bencher<'_, '_>) {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let challenger = challenger();
    bencher.bench(|| challenger.give(Provider::Azure, None, black_box(42), now));
}

fn challenger() -> Challenger {
    let key = Zeroizing::new([7; 32]);
    Challenger::new(&key, "https://callsign.example/v1/challenge/".to_owned())
}

/// A Google with one key and a token of one of its machines, which answers a challenge if one is
/// given.
fn google(challenger: Option<Challenger>) -> (Trust, Policy, String, DateTime<Utc>) {
    let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
    let signer = GoogleSigner::generate().unwrap();
    let machine = Machine::named("4242", "my-project", "us-east1", now).unwrap().google;
    let keys = CurrentKeys::default();
    let set = KeySet::parse(signer.jwks().unwrap().to_string().as_bytes()).unwrap();
    keys.replace(Arc::new(set), now, None);
    let google =
        GooglePolicy { audiences: ["callsign".to_owned()].into(), ..GooglePolicy::default() };
    let policy = Policy { leeway: TimeDelta::seconds(60), google, ..Policy::default() };
    let given = challenger.as_ref().map(|it| it.give(Provider::Google, None, 42, now).audience);
    let audience = given.as_deref().unwrap_or("callsign");
    let token = signer.token(&machine, audience, Detail::Full, now).unwrap();
    (Trust { google: Some(keys), challenger, ..Trust::default() }, policy, token, now)
}

#[divan::bench]
fn select_one_of_two(bencher: Bencher<'_, '_>) {
    let scene = Scene::set();
    let (instance, resource) = (scene.verify(&scene.rsa2048()), resource(scene.now));
    bencher
        .with_inputs(|| (Some(resource.clone()), instance.clone()))
        .bench_values(|(resource, instance)| select(resource, instance, Some("dev")).unwrap());
}

/// Claims, JSON, base64 and the signature by aws-lc-rs, as the broker makes it.
#[divan::bench]
fn mint_token(bencher: Bencher<'_, '_>) {
    let scene = Scene::set();
    let instance = scene.verify(&scene.rsa2048());
    let agent = select(Some(resource(scene.now)), instance, Some("dev")).unwrap();
    let key = SigningKey::parse(&pkcs8()).unwrap();
    let settings = TokenSettings {
        issuer: "http://127.0.0.1:7480".to_owned(),
        audience: vec!["callsign".to_owned()],
        lifetime: TimeDelta::hours(1),
    };
    bencher
        .with_inputs(|| agent.clone())
        .bench_values(|agent| mint(agent, &key, &settings, scene.now).unwrap());
}

/// The signature alone, by the crate that the broker signs with.
#[divan::bench]
fn sign_with_aws_lc(bencher: Bencher<'_, '_>) {
    let key = SigningKey::parse(&pkcs8()).unwrap();
    bencher.bench(|| key.sign(black_box(&[7; 600])).unwrap());
}

/// The same signature by the crate that makes the keys.
#[divan::bench]
fn sign_with_p256(bencher: Bencher<'_, '_>) {
    let key = p256::ecdsa::SigningKey::from_pkcs8_der(&pkcs8()).unwrap();
    bencher.bench(|| -> p256::ecdsa::Signature { key.sign(black_box(&[7; 600])) });
}

fn pkcs8() -> Zeroizing<Vec<u8>> {
    SigningKey::generate(&Zeroizing::new([7; 32])).unwrap()
}
