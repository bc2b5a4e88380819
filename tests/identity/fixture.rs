//! A signer that the tests trust, one that they do not, and one word for each verdict.

use std::sync::LazyLock;

use callsign::emulator::aws::{AwsSigner, MachineFacts};
use callsign::identity::{
    AwsKind, AwsPolicy, AwsTrust, AzureCloud, AzurePolicy, AzureTrust, IdentityProof, Policy,
    Trust, VerifiedInstance, VerifyError, verify,
};
use callsign::names::{InstanceId, Provider};
use chrono::{DateTime, TimeDelta, Utc};

pub const ACCOUNT: &str = "123456789012";
pub const REGION: &str = "eu-test-1";
pub const OTHER_REGION: &str = "eu-test-2";
pub const INSTANCE: &str = "i-0123456789abcdef0";

pub static SIGNER: LazyLock<AwsSigner> = LazyLock::new(|| AwsSigner::generate().unwrap());
pub static STRANGER: LazyLock<AwsSigner> = LazyLock::new(|| AwsSigner::generate().unwrap());

/// Trusts [`SIGNER`] about [`REGION`] and [`STRANGER`] about [`OTHER_REGION`].
pub static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    let mut aws = AwsTrust::parse(&SIGNER.trust_toml(REGION).unwrap()).unwrap();
    aws.merge(AwsTrust::parse(&STRANGER.trust_toml(OTHER_REGION).unwrap()).unwrap());
    Trust { aws, ..Trust::default() }
});

pub static BUILTIN: LazyLock<Trust> = LazyLock::new(|| Trust {
    aws: AwsTrust::builtin().unwrap(),
    azure: AzureTrust::builtin().unwrap(),
    ..Trust::default()
});

/// Later than every real document.
pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub fn policy() -> Policy {
    Policy {
        leeway: TimeDelta::seconds(60),
        aws: AwsPolicy { accept: AwsKind::ALL.into(), ..AwsPolicy::default() },
        azure: AzurePolicy { clouds: [AzureCloud::Public].into(), ..AzurePolicy::default() },
        ..Policy::default()
    }
}

pub fn document() -> String {
    document_of(REGION, now())
}

pub fn document_of(region: &str, launched: DateTime<Utc>) -> String {
    let facts = MachineFacts {
        account: ACCOUNT.to_owned(),
        region: region.to_owned(),
        instance_id: InstanceId::parse(Provider::Aws, INSTANCE).unwrap(),
    };
    SIGNER.document(&facts, launched)
}

/// A proof of the kind rsa2048 over any text.
pub fn pkcs7(signer: &AwsSigner, document: &str) -> IdentityProof {
    IdentityProof::aws_pkcs7(&signer.rsa2048(document, now()).unwrap()).unwrap()
}

/// A proof of the kind rsa1024 over any text.
pub fn detached(signer: &AwsSigner, document: &str) -> IdentityProof {
    IdentityProof::aws_document(document, &signer.signature(document).unwrap()).unwrap()
}

pub fn verified(proof: &IdentityProof) -> Result<VerifiedInstance, VerifyError> {
    verify(proof, &TRUST, &policy(), now())
}

/// The verdict in one word.
pub fn word<T>(verdict: Result<T, VerifyError>) -> &'static str {
    match verdict {
        Ok(_) => "verified",
        Err(VerifyError::Malformed(error)) => error.field(),
        Err(VerifyError::Rejected(rejection)) => rejection.code(),
        Err(VerifyError::NotAllowed { what, .. }) => what,
        Err(VerifyError::KeysMissing(_)) => "keys-missing",
    }
}
