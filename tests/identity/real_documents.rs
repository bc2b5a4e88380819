//! Are the documents that AWS itself signed believed, and their altered copies not?

use callsign::identity::{
    AwsKind, AwsTrust, IdentityProof, Trust, VerifiedInstance, VerifyError, verify,
};

use super::fixture::{BUILTIN, now, policy, word};
use crate::support::vectors::{Vector, of_provider};

pub fn pkcs7_of(vector: &Vector) -> Option<IdentityProof> {
    let text = vector.find("rsa2048.b64")?;
    Some(IdentityProof::aws_pkcs7(&text).unwrap())
}

pub fn detached_of(vector: &Vector) -> Option<IdentityProof> {
    let signature = vector.find("signature.b64")?;
    Some(IdentityProof::aws_document(&vector.read("document.json"), &signature).unwrap())
}

pub fn believed(proof: &IdentityProof) -> Result<VerifiedInstance, VerifyError> {
    verify(proof, &BUILTIN, &policy(), now())
}

#[test]
fn every_real_document_proves_its_machine() {
    for vector in of_provider("aws") {
        let proofs = [pkcs7_of(&vector), detached_of(&vector)];
        assert!(proofs.iter().any(Option::is_some), "{}", vector.name);
        for proof in proofs.into_iter().flatten() {
            let instance = believed(&proof).unwrap();
            assert_eq!(instance.instance_id().as_str(), vector.id);
            assert_eq!(instance.account(), vector.account);
            assert_eq!(instance.region(), vector.region);
            assert_eq!(instance.proof_kind(), proof.kind());
        }
    }
}

#[test]
fn every_rsa2048_document_is_signed_by_its_own_region_and_no_other() {
    let builtin = include_str!("../../config/trust/aws.toml");
    for vector in of_provider("aws") {
        let Some(proof) = pkcs7_of(&vector) else {
            continue;
        };
        let mut believing = Vec::new();
        for key in BUILTIN.aws.keys().filter(|key| key.kind() == AwsKind::Rsa2048) {
            if word(verify(&proof, &only(builtin, key.region(), &vector), &policy(), now()))
                == "verified"
            {
                believing.push(key.region().to_owned());
            }
        }
        assert_eq!(believing.join(" "), vector.region, "{}", vector.name);
    }
}

/// A trust that holds the rsa2048 key of one region, under the name of the vector's region.
fn only(builtin: &str, region: &str, vector: &Vector) -> Trust {
    let header = format!("region = \"{region}\"\nkind = \"rsa2048\"\n");
    let at = builtin.find(&header).unwrap() + header.len();
    let spki = builtin[at..].lines().next().unwrap();
    let claimed = &vector.region;
    let toml = format!("[[key]]\nregion = \"{claimed}\"\nkind = \"rsa2048\"\n{spki}\n");
    Trust { aws: AwsTrust::parse(&toml).unwrap(), ..Trust::default() }
}

#[test]
fn every_altered_copy_is_refused() {
    for vector in of_provider("aws") {
        for (name, content) in vector.negatives() {
            let proof = if name.starts_with("document") {
                IdentityProof::aws_document(&content, &vector.read("signature.b64"))
            } else {
                IdentityProof::aws_document(&vector.read("document.json"), &content)
            };
            let verdict = believed(&proof.unwrap());
            assert!(
                matches!(verdict, Err(VerifyError::Rejected(_))),
                "{} {name}: {verdict:?}",
                vector.name
            );
        }
    }
}

#[test]
fn the_dsa_document_is_malformed_with_advice() {
    for vector in of_provider("aws") {
        let Some(text) = vector.find("pkcs7.b64") else {
            continue;
        };
        let proof = IdentityProof::aws_pkcs7(&text).unwrap();
        let Err(VerifyError::Malformed(error)) = believed(&proof) else {
            panic!("{} is not malformed", vector.name);
        };
        assert_eq!(error.field(), "pkcs7");
        assert!(error.reason().contains("instance-identity/rsa2048"));
    }
}

#[test]
fn pem_armour_and_lines_do_not_matter() {
    for vector in of_provider("aws") {
        let Some(text) = vector.find("rsa2048.b64") else {
            continue;
        };
        let joined: String = text.split_ascii_whitespace().collect();
        let armoured = format!("-----BEGIN PKCS7-----\n{text}\n-----END PKCS7-----\n");
        for text in [joined, armoured] {
            let proof = IdentityProof::aws_pkcs7(&text).unwrap();
            assert_eq!(word(believed(&proof)), "verified", "{}", vector.name);
        }
    }
}
