//! Does a proof have to answer a challenge? `nonce` in `[identity.azure]`, `audience` in
//! `[identity.google]`.

/// Whether a proof has to answer a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It may.
    Optional,
    /// It has to.
    Required,
}

pub(super) const DEMANDS: [(&str, Demand); 2] =
    [("optional", Demand::Optional), ("required", Demand::Required)];
