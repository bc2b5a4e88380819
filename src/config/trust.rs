//! Whose keys and anchors count? The `trust` lists of `[identity.aws]` and `[identity.azure]`.
//!
//! Knows where trust comes from, not what is in it: the files are read by the verifier.

use std::fmt;
use std::path::PathBuf;

use super::problem::Origin;
use super::reader::Section;

/// A place that trust comes from; several add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustSource {
    /// What the broker was built with.
    Builtin,
    /// A trust file.
    File(PathBuf),
}

impl fmt::Display for TrustSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrustSource::Builtin => f.write_str("builtin"),
            TrustSource::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// The `trust` list of a cloud; empty only where the cloud is off, for it would refuse everybody.
pub(super) fn read(section: Section<'_>, enabled: bool) -> Option<Vec<TrustSource>> {
    let trust = section.list("trust", source);
    match enabled {
        true => {
            section.not_empty("trust", trust, r#"allowed are "builtin" and paths of trust files"#)
        }
        false => trust,
    }
}

fn source(text: &str, origin: &Origin) -> Result<TrustSource, &'static str> {
    match text {
        "" => Err(r#"allowed are "builtin" and paths of trust files"#),
        "builtin" => Ok(TrustSource::Builtin),
        path => Ok(TrustSource::File(origin.resolve(path))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;
    use super::*;

    #[test]
    fn trust_is_built_in_or_a_path_from_the_folder_of_its_file() {
        let text = "[identity.aws]\ntrust = [\"builtin\", \"t.toml\", \"/t.toml\"]";
        let expected = [
            TrustSource::Builtin,
            TrustSource::File("conf/t.toml".into()),
            TrustSource::File("/t.toml".into()),
        ];
        assert_eq!(config(text).identity.aws.trust, expected);
    }
}
