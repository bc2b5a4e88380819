//! Whose word does one take for a broker's certificate? The machine's authorities, and a file's.

use std::path::PathBuf;

use super::outcome::Failure;
use crate::client::Certificate;

#[derive(Clone, Debug, clap::Args)]
pub(super) struct Authorities {
    /// Believe a broker whose certificate comes from one of these authorities (PEM), too
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
}

impl Authorities {
    /// The authorities of the file, if one is named.
    pub(super) fn read(&self) -> Result<Vec<Certificate>, Failure> {
        let Some(path) = &self.ca_file else { return Ok(Vec::new()) };
        let wrong = |why: String| Failure::usage(format!("--ca-file {}: {why}", path.display()));
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        let found = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
        if found.is_empty() {
            return Err(wrong(
                "there is no certificate in it (PEM: -----BEGIN CERTIFICATE-----)".to_owned(),
            ));
        }
        Ok(found)
    }
}
