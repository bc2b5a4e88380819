//! Where are the documents that the clouds themselves signed? Outside the repository, since they
//! hold real account numbers: tests read them where they are, and say so where they are not.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// One folder of documents, and what is known of the machine that they are about.
#[derive(Debug)]
pub struct Vector {
    /// The folder's name, for messages.
    pub name: String,
    /// The id of the machine.
    pub id: String,
    /// Its account.
    pub account: String,
    /// Its region.
    pub region: String,
    /// When the document was signed, as the document says.
    pub signed_at: String,
    /// Whatever else the index says.
    entry: Value,
    /// The files whose signatures are genuine, and what else holds.
    genuine: Vec<String>,
    path: PathBuf,
}

impl Vector {
    /// A file with a genuine signature, if the index lists it for this folder.
    pub fn find(&self, file: &str) -> Option<String> {
        self.expects(file).then(|| self.read(file))
    }

    /// Whether the index says that this holds for the folder.
    pub fn expects(&self, what: &str) -> bool {
        self.genuine.iter().any(|genuine| genuine == what)
    }

    /// What the index says under this name; empty where it says nothing.
    pub fn text(&self, name: &str) -> &str {
        self.entry[name].as_str().unwrap_or_default()
    }

    /// What the index says under this name, a number.
    pub fn number(&self, name: &str) -> i64 {
        self.entry[name].as_i64().unwrap()
    }

    /// Whether the folder has this file.
    pub fn has(&self, file: &str) -> bool {
        self.path.join(file).exists()
    }

    /// A file of the folder.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file))
            .unwrap_or_else(|error| panic!("{} {file}: {error}", self.name))
    }

    /// The folder's altered copies: file name and content.
    pub fn negatives(&self) -> Vec<(String, String)> {
        let Ok(files) = fs::read_dir(self.path.join("negative")) else {
            return Vec::new();
        };
        files
            .map(|file| {
                let file = file.unwrap();
                let name = file.file_name().into_string().unwrap();
                (name, fs::read_to_string(file.path()).unwrap())
            })
            .collect()
    }
}

/// Every folder of one provider; none where the vectors are missing and nobody requires them.
pub fn of_provider(provider: &str) -> Vec<Vector> {
    let root = root();
    let Ok(index) = fs::read_to_string(root.join("index.json")) else {
        assert!(
            !required(),
            "the vectors are required, and there is no index.json in {}",
            root.display()
        );
        println!("skipped: no vectors in {}", root.display());
        return Vec::new();
    };
    let index: Vec<Value> = serde_json::from_str(&index).unwrap();
    let entries = index.iter().filter(|entry| entry["provider"] == provider);
    entries.map(|entry| vector(&root, entry)).collect()
}

fn vector(root: &Path, entry: &Value) -> Vector {
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let expected = entry["expect"].as_object().into_iter().flatten();
    Vector {
        name: text("dir"),
        id: text("id"),
        account: [text("account"), text("subscription")].concat(),
        region: text("region"),
        signed_at: text("signingTime"),
        entry: entry.clone(),
        genuine: expected
            .filter(|(_, genuine)| **genuine == true)
            .map(|(file, _)| file.clone())
            .collect(),
        path: root.join(text("dir")),
    }
}

/// A document of no folder's, if the vectors are there.
pub fn find_file(path: &str) -> Option<String> {
    let found = fs::read_to_string(root().join(path)).ok();
    assert!(found.is_some() || !required(), "the vectors are required, and {path} is missing");
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors")
}

fn required() -> bool {
    let is = |name, value| std::env::var(name).is_ok_and(|found| found == value);
    is("CALLSIGN_REQUIRE_VECTORS", "1") || is("CI", "true")
}
