//! What does a CMS SignedData look like? Its ASN.1 (RFC 5652 section 12.1), as far as providers
//! use it.
//!
//! Shape only, no judgement. CRLs and unsigned attributes are left out: no provider sends any,
//! and a message that holds what nobody reads is refused.

use der::asn1::{AnyRef, ObjectIdentifier, OctetStringRef, SetOfVec, UintRef};
use der::{Sequence, ValueOrd};
use spki::AlgorithmIdentifierRef;

/// The names of types and attributes.
pub(super) mod oid {
    use der::asn1::ObjectIdentifier as Oid;

    pub(crate) const DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.1");
    pub(crate) const SIGNED_DATA: Oid = Oid::new_unwrap("1.2.840.113549.1.7.2");
    pub(crate) const CONTENT_TYPE: Oid = Oid::new_unwrap("1.2.840.113549.1.9.3");
    pub(crate) const MESSAGE_DIGEST: Oid = Oid::new_unwrap("1.2.840.113549.1.9.4");
    pub(crate) const SIGNING_TIME: Oid = Oid::new_unwrap("1.2.840.113549.1.9.5");
    pub(crate) const ALGORITHM_PROTECTION: Oid = Oid::new_unwrap("1.2.840.113549.1.9.52");

    pub(crate) const SHA_256: Oid = Oid::new_unwrap("2.16.840.1.101.3.4.2.1");
    pub(crate) const RSA_ENCRYPTION: Oid = Oid::new_unwrap("1.2.840.113549.1.1.1");
    pub(crate) const SHA_256_WITH_RSA: Oid = Oid::new_unwrap("1.2.840.113549.1.1.11");

    /// DSA alone, with SHA-1, and with SHA-256.
    pub(crate) const DSA: [Oid; 3] = [
        Oid::new_unwrap("1.2.840.10040.4.1"),
        Oid::new_unwrap("1.2.840.10040.4.3"),
        Oid::new_unwrap("2.16.840.1.101.3.4.3.2"),
    ];
}

/// `ContentInfo` (RFC 5652 section 3) around a `SignedData`.
#[derive(Sequence)]
pub(super) struct ContentInfo<'a> {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    pub(super) content: AnyRef<'a>,
}

/// `SignedData` (RFC 5652 section 5.1).
#[derive(Sequence)]
pub(super) struct SignedData<'a> {
    pub(super) version: u8,
    pub(super) digest_algorithms: SetOfVec<AlgorithmIdentifierRef<'a>>,
    pub(super) encap_content_info: EncapsulatedContentInfo<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(super) certificates: Option<SetOfVec<AnyRef<'a>>>,
    pub(super) signer_infos: SetOfVec<SignerInfo<'a>>,
}

/// `EncapsulatedContentInfo` (RFC 5652 section 5.2).
#[derive(Sequence)]
pub(super) struct EncapsulatedContentInfo<'a> {
    pub(super) content_type: ObjectIdentifier,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) content: Option<&'a OctetStringRef>,
}

/// `SignerInfo` (RFC 5652 section 5.3) of version 1.
#[derive(Sequence, ValueOrd)]
pub(super) struct SignerInfo<'a> {
    pub(super) version: u8,
    pub(super) signer: IssuerAndSerialNumber<'a>,
    pub(super) digest_algorithm: AlgorithmIdentifierRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true", optional = "true")]
    pub(super) signed_attributes: Option<SetOfVec<Attribute<'a>>>,
    pub(super) signature_algorithm: AlgorithmIdentifierRef<'a>,
    pub(super) signature: &'a OctetStringRef,
}

/// `IssuerAndSerialNumber` (RFC 5652 section 10.2.4).
#[derive(Sequence, ValueOrd)]
pub(super) struct IssuerAndSerialNumber<'a> {
    pub(super) issuer: AnyRef<'a>,
    pub(super) serial_number: UintRef<'a>,
}

/// `Attribute` (RFC 5652 section 5.3).
#[derive(Sequence, ValueOrd)]
pub(super) struct Attribute<'a> {
    pub(super) attribute_type: ObjectIdentifier,
    pub(super) values: SetOfVec<AnyRef<'a>>,
}

/// `CMSAlgorithmProtection` (RFC 6211 section 2) of a signature.
#[derive(Sequence)]
pub(super) struct AlgorithmProtection<'a> {
    pub(super) digest_algorithm: AlgorithmIdentifierRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    pub(super) signature_algorithm: AlgorithmIdentifierRef<'a>,
}
