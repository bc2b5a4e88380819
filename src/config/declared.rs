//! Which machines do these files declare? `[[resource]]` entries by themselves, in TOML or JSON,
//! with no configuration around them: what is sent to a broker elsewhere.

use std::io;
use std::path::Path;

use crate::registration::ResourceSpec;

use super::json;
use super::layers::{merge, with_lists};
use super::problem::{ConfigErrors, Origin, Problems};
use super::reader::Section;
use super::tree::{self, Entries, Node, Value};
use super::{resource, schema};

/// Reads every file's text as TOML, or as JSON: an object with `resource`, or its list alone. The
/// files are one declaration; of two entries for one instance, the second is reported.
///
/// # Errors
/// Everything that is wrong at once, a file that could not be read included.
pub fn declared<'t>(
    files: impl IntoIterator<Item = (&'t Path, &'t io::Result<String>)>,
) -> Result<Vec<ResourceSpec>, ConfigErrors> {
    let problems = Problems::default();
    let fields = schema::of_template(resource::TEMPLATE, &problems);
    let mut merged = with_lists(&fields, Entries::new());
    for (path, text) in files {
        let layer = read(path, text, &problems);
        merge(&fields, &mut merged, schema::check(&fields, layer, "", &problems));
    }
    let resources = resource::read_all(Section::root(&merged, &problems));
    problems.conclude(resources)
}

fn read(path: &Path, text: &io::Result<String>, problems: &Problems) -> Entries {
    match text {
        Ok(text) if json::is_json(text) => {
            json::parse(path, text, problems).map(entries).unwrap_or_default()
        }
        Ok(text) => tree::parse(Some(path), text, problems),
        Err(error) => {
            let origin = Origin::File { path: path.into(), line: None };
            problems.push(&origin, "", format!("cannot be read: {error}"));
            Entries::new()
        }
    }
}

/// The entries of an object; a list is that of the resources.
fn entries(node: Node) -> Entries {
    match node.value {
        Value::Table(entries) => entries,
        _ => Entries::from([("resource".to_owned(), node)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(files: &[(&str, &str)]) -> Result<Vec<ResourceSpec>, Vec<String>> {
        let texts: Vec<(&Path, io::Result<String>)> =
            files.iter().map(|(path, text)| (Path::new(*path), Ok((*text).to_owned()))).collect();
        declared(texts.iter().map(|(path, text)| (*path, text)))
            .map_err(|errors| errors.to_string().lines().map(str::to_owned).collect())
    }

    const TOML: &str = r#"
[[resource]]
provider = "aws"
instance_id = "i-1"
name = "n"
labels = { team = "build" }
agents = [{ name = "main" }, { name = "sub", parent = "main" }]
"#;
    const JSON: &str = r#"
[{"provider": "aws", "instance_id": "i-1", "name": "n", "labels": {"team": "build"},
  "agents": [{"name": "main"}, {"name": "sub", "parent": "main"}]}]"#;

    #[test]
    fn toml_and_both_forms_of_json_say_the_same() {
        let expected = parse(&[("a.toml", TOML)]).unwrap();
        assert_eq!(expected.len(), 1);
        let object = format!("{{\"resource\": {JSON}}}");
        for json in [JSON, &object] {
            assert_eq!(parse(&[("a.json", json)]).unwrap(), expected);
        }
    }

    #[test]
    fn a_machine_stands_in_one_of_the_files_only() {
        assert_eq!(
            parse(&[("a.toml", TOML), ("b.json", JSON)]).unwrap_err(),
            [
                "b.json#/0/instance_id: resource.instance_id: aws i-1 stands at a.toml:4 already; each may be there once"
            ]
        );
    }

    #[test]
    fn what_is_wrong_in_json_is_told_with_its_pointer() {
        for (text, expected) in [
            (
                r#"{"resource": [], "http": 1}"#,
                &["a#/http: http: unknown key; allowed here: resource"][..],
            ),
            (
                r#"{"resource": [], "resource": []}"#,
                &["a#/resource: resource: is no JSON: duplicate member"],
            ),
            ("{\n\"resource\": [,\n", &["a:2: is no JSON: expected value"]),
            ("[{}] 1", &["a:1: is no JSON: trailing characters"]),
            (
                r#"[{"provider": 1, "instance_id": "i-1", "name": null, "agents": [{"name": "-"}]}]"#,
                &[
                    "a#/0/agents/0/name: resource.agents.name: found \"-\"; an agent name is 1 to 64 characters of A-Z a-z 0-9 . _ - and begins with a letter or digit",
                    "a#/0/name: resource.name: found null; allowed is a text in quotes",
                    "a#/0/provider: resource.provider: found the number 1; allowed is a text in quotes",
                ],
            ),
        ] {
            assert_eq!(parse(&[("a", text)]).unwrap_err(), expected, "{text}");
        }
    }

    #[test]
    fn toml_that_begins_with_a_bracket_is_no_json() {
        for (text, expected) in [
            ("[[resource]]", false),
            ("[ resource ]", false),
            ("", false),
            ("# {", false),
            (" {", true),
            ("[]", true),
            ("[\n {", true),
        ] {
            assert_eq!(json::is_json(text), expected, "{text}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_with_the_rest() {
        let texts = [Err(io::ErrorKind::NotFound.into()), Ok("[[resource]]\nx = 1".to_owned())];
        let files = [Path::new("gone"), Path::new("a.toml")].into_iter().zip(&texts);
        let errors = declared(files).unwrap_err().to_string();
        assert!(errors.contains("gone: cannot be read: entity not found"), "{errors}");
        assert!(errors.contains("a.toml:2: resource.x: unknown key"), "{errors}");
    }
}
