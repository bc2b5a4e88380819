//! Which authorities vouch for the signers of Azure's documents? Pinned by name and key.
//!
//! An authority counts until its certificate ends: unlike AWS's keys, Azure's are replaced by
//! others when they end, without a word to anybody, so an end is warned of well before.

use chrono::{DateTime, Utc};
use rustls_pki_types::{CertificateDer, TrustAnchor};

use super::anchor::{Anchor, Standing};
use super::trust_file;
use crate::identity::trust_file::TrustError;

/// The authorities of Azure's attested data.
#[derive(Clone, Debug, Default)]
pub struct AzureTrust {
    anchors: Vec<Anchor>,
    intermediates: Vec<CertificateDer<'static>>,
}

impl AzureTrust {
    /// The authorities that Microsoft names, as they come with the broker. Parses them: do it once.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); never for the file that comes with the broker, which a test
    /// reads.
    pub fn builtin() -> Result<Self, TrustError> {
        Self::parse(include_str!("../../../config/trust/azure.toml"))
    }

    /// Parses a trust file: `[[anchor]]` entries with `name`, `subject` and `spki` (base64 of DER)
    /// and `not_after`, or with `certificate` (PEM). `[[intermediate]]` entries with `certificate`
    /// complete paths and are believed in nothing.
    ///
    /// # Errors
    /// [`TrustError`] with everything that is wrong in the file, each with its entry and line.
    pub fn parse(toml: &str) -> Result<Self, TrustError> {
        let (anchors, intermediates) = trust_file::parse(toml)?;
        let mut trust = Self { anchors: Vec::new(), intermediates };
        anchors.into_iter().for_each(|anchor| trust.insert(anchor));
        Ok(trust)
    }

    /// Adds what another file says. Of an anchor that is there already, the later end counts.
    pub fn merge(&mut self, other: Self) {
        other.anchors.into_iter().for_each(|anchor| self.insert(anchor));
        self.intermediates.extend(other.intermediates);
    }

    /// Every anchor, in the order of the files, those that have ended as well.
    pub fn anchors(&self) -> impl Iterator<Item = &Anchor> {
        self.anchors.iter()
    }

    /// What an operator should know of: anchors that end soon, and that none is left.
    pub fn warnings(&self, now: DateTime<Utc>) -> Vec<String> {
        let ending = self.anchors().filter(|anchor| anchor.standing(now) == Standing::Ending);
        let mut warnings: Vec<String> = ending
            .map(|anchor| {
                format!(
                    "the anchor {} ends at {}; look for those that follow it, and list them in a \
                     trust file",
                    anchor.name(),
                    anchor.not_after().format("%Y-%m-%dT%H:%M:%SZ")
                )
            })
            .collect();
        if self.anchors_at(now).is_empty() {
            warnings.push("no anchor counts any more: every document is refused".to_owned());
        }
        warnings
    }

    /// The anchors that have not ended.
    pub(super) fn anchors_at(&self, now: DateTime<Utc>) -> Vec<TrustAnchor<'_>> {
        let valid = self.anchors().filter(|anchor| anchor.standing(now) != Standing::Ended);
        valid.map(Anchor::as_trust_anchor).collect()
    }

    /// The certificates that may lie on a path.
    pub(super) fn intermediates(&self) -> impl Iterator<Item = CertificateDer<'_>> {
        self.intermediates.iter().map(|der| CertificateDer::from_slice(der))
    }

    fn insert(&mut self, anchor: Anchor) {
        match self.anchors.iter_mut().find(|other| other.is(&anchor)) {
            Some(same) if same.not_after() < anchor.not_after() => *same = anchor,
            Some(_) => {}
            None => self.anchors.push(anchor),
        }
    }
}
