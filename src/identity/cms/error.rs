//! Why is a CMS message not believed?

use super::ber::BerError;

/// Why a message is no proof of anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CmsError {
    /// Not BER, or not the structure of a SignedData.
    #[error("it is no CMS SignedData")]
    NotCms,
    /// BER of another form than DER, from a provider that writes DER.
    #[error("it is no DER")]
    NotDer,
    /// Nested deeper than any real message.
    #[error("it is nested too deeply")]
    TooDeep,
    /// Bytes follow the message.
    #[error("bytes follow the message")]
    TrailingBytes,
    /// A version that goes with features that no provider uses.
    #[error("it is of another version than 1")]
    Version,
    /// No signer, or several.
    #[error("it has another number of signers than one")]
    SignerCount,
    /// The content lies elsewhere.
    #[error("its content is detached")]
    ContentMissing,
    /// The content, or the attribute that names its type, is something other than data.
    #[error("its content is of another type than data")]
    ContentType,
    /// A signature by DSA, as in AWS's `pkcs7`.
    #[error("it is signed by DSA")]
    Dsa,
    /// Another algorithm than SHA-256 and RSA with PKCS#1 v1.5.
    #[error("it uses an algorithm that is not allowed")]
    Algorithm,
    /// The provider signs attributes, and here are none.
    #[error("it has no signed attributes")]
    AttributesMissing,
    /// A signed attribute is missing, repeated or not of its type.
    #[error("a signed attribute is missing, repeated or malformed")]
    Attribute,
    /// The attributes were signed for another content.
    #[error("its content is not the one that was signed")]
    DigestMismatch,
    /// The algorithms that were signed are not the ones that are used.
    #[error("the algorithms are not the ones that were signed")]
    AlgorithmProtection,
}

impl CmsError {
    pub(in crate::identity) fn code(self) -> &'static str {
        match self {
            Self::NotCms => "not-cms",
            Self::NotDer => "cms-not-der",
            Self::TooDeep => "cms-too-deep",
            Self::TrailingBytes => "cms-trailing-bytes",
            Self::Version => "cms-version",
            Self::SignerCount => "cms-signer-count",
            Self::ContentMissing => "cms-content-missing",
            Self::ContentType => "cms-content-type",
            Self::Dsa => "cms-dsa",
            Self::Algorithm => "cms-algorithm",
            Self::AttributesMissing => "cms-attributes-missing",
            Self::Attribute => "cms-attribute",
            Self::DigestMismatch => "cms-digest-mismatch",
            Self::AlgorithmProtection => "cms-algorithm-protection",
        }
    }
}

impl From<BerError> for CmsError {
    fn from(error: BerError) -> Self {
        match error {
            BerError::Encoding => Self::NotCms,
            BerError::TooDeep => Self::TooDeep,
            BerError::TrailingBytes => Self::TrailingBytes,
        }
    }
}

impl From<der::Error> for CmsError {
    fn from(_: der::Error) -> Self {
        Self::NotCms
    }
}
