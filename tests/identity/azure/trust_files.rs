//! Are Azure's trust files read as written, and is everything wrong with one told at once?

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use callsign::identity::AzureTrust;
use chrono::{DateTime, TimeDelta, Utc};
use der::{Decode as _, Encode as _};
use rcgen::{IsCa, date_time_ymd};
use x509_cert::Certificate;

use super::forge::{ROOT, leaf, trusting};
use crate::identity::fixture::{BUILTIN, now};

/// [`ROOT`], pinned by subject and key, until this time.
fn pinned(until: &str) -> AzureTrust {
    let root = Certificate::from_der(&ROOT.der).unwrap();
    let root = root.tbs_certificate();
    let subject = STANDARD.encode(root.subject().to_der().unwrap());
    let spki = STANDARD.encode(root.subject_public_key_info().to_der().unwrap());
    let toml = format!(
        "[[anchor]]\nname = \"Root until {until}\"\nsubject = \"{subject}\"\nspki = \"{spki}\"\n\
         not_after = \"{until}\"\n"
    );
    AzureTrust::parse(&toml).unwrap()
}

fn ends(trust: &AzureTrust) -> Vec<DateTime<Utc>> {
    trust.anchors().map(|anchor| anchor.not_after()).collect()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn the_builtin_file_holds_anchors_that_count_and_some_that_have_ended() {
    let (ended, counting): (Vec<_>, Vec<_>) =
        BUILTIN.azure.anchors().partition(|anchor| anchor.not_after() < now());
    assert!(!counting.is_empty());
    assert!(ended.iter().any(|anchor| anchor.name() == "Baltimore CyberTrust Root"));
    let root = counting.iter().find(|anchor| anchor.name() == "DigiCert Global Root G2").unwrap();
    assert_eq!(root.not_after(), time("2038-01-15T12:00:00Z"));
    assert_eq!(
        root.spki_sha256(),
        "8bb593a93be1d0e8a822bb887c547890c3e706aad2dab76254f97fb36b82fc26"
    );
}

#[test]
fn of_an_anchor_in_two_files_the_later_end_counts() {
    let (early, late) = ("2027-02-01T00:00:00Z", "2028-02-01T00:00:00Z");
    for (first, second) in [(early, late), (late, early)] {
        let mut trust = pinned(first);
        trust.merge(pinned(second));
        assert_eq!(ends(&trust), [time(late)]);
        let name = trust.anchors().next().unwrap().name();
        assert_eq!(name, format!("Root until {late}"));
    }
}

#[test]
fn other_anchors_add_up() {
    let mut trust = BUILTIN.azure.clone();
    let before = trust.anchors().count();
    trust.merge(AzureTrust::builtin().unwrap());
    assert_eq!(trust.anchors().count(), before);
    trust.merge(pinned("2028-02-01T00:00:00Z"));
    assert_eq!(trust.anchors().count(), before + 1);
}

#[test]
fn an_anchor_by_its_certificate_has_its_name_and_end() {
    let root = ROOT.authority("Ending", |root| root.not_after = date_time_ymd(2027, 4, 1));
    let trust = trusting(&root.pem()).azure;
    assert_eq!(ends(&trust), [time("2027-04-01T00:00:00Z")]);
    assert_eq!(trust.anchors().next().unwrap().name(), "CN=Ending");
}

#[test]
fn an_end_is_warned_of_for_the_90_days_before() {
    let end = time("2027-04-01T00:00:00Z");
    let trust = pinned("2027-04-01T00:00:00Z");
    let second = TimeDelta::seconds(1);
    let notice = TimeDelta::days(90);
    assert!(trust.warnings(end - notice - second).is_empty());
    for at in [end - notice, end] {
        let warnings = trust.warnings(at);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("ends at 2027-04-01T00:00:00Z"), "{warnings:?}");
    }
    let none_left = ["no anchor counts any more: every document is refused"];
    assert_eq!(trust.warnings(end + second), none_left);
}

#[test]
fn everything_wrong_is_told_at_once_with_its_line() {
    let good = format!("[[anchor]]\ncertificate = \"\"\"\n{}\"\"\"\n", ROOT.pem());
    let no_authority = STANDARD.encode(leaf(|leaf| leaf.is_ca = IsCa::ExplicitNoCa));
    let toml = format!(
        "{good}
[[anchor]]
colour = 1

[[anchor]]
name = \"x\"
subject = \"AAAA\"
spki = \"?\"
not_after = \"tomorrow\"

[[anchor]]
certificate = \"x\"
spki = \"AAAA\"

[[anchor]]
certificate = '''
-----BEGIN CERTIFICATE-----
{no_authority}
-----END CERTIFICATE-----
'''

[[intermediate]]
certificate = \"x\"
name = \"x\"
"
    );
    let first = good.lines().count() + 2;
    let missing = |name: &str| {
        format!("[[anchor]] number 2: `{name}` is missing; without it, give `certificate`")
    };
    let expected = [
        (
            0,
            "[[anchor]] number 2: `colour` is not known; allowed are name, subject, spki, \
             not_after, certificate"
                .to_owned(),
        ),
        (0, missing("name")),
        (0, missing("subject")),
        (0, missing("spki")),
        (0, missing("not_after")),
        (3, "[[anchor]] number 3: `spki` is not base64".to_owned()),
        (
            3,
            "[[anchor]] number 3: `not_after` is \"tomorrow\"; write it like \
             \"2038-01-15T12:00:00Z\""
                .to_owned(),
        ),
        (9, "[[anchor]] number 4: `certificate` stands alone, or beside `name`".to_owned()),
        (9, "[[anchor]] number 4: `certificate` is not one X.509 certificate in PEM".to_owned()),
        (13, "[[anchor]] number 5: `certificate` is not one of a certificate authority".to_owned()),
        (20, "[[intermediate]] number 1: `name` is not known; allowed are certificate".to_owned()),
        (
            20,
            "[[intermediate]] number 1: `certificate` is not one X.509 certificate in PEM"
                .to_owned(),
        ),
    ];
    let error = AzureTrust::parse(&toml).unwrap_err();
    let told: Vec<_> =
        error.flaws.iter().map(|flaw| (flaw.line - first, flaw.problem.clone())).collect();
    assert_eq!(told, expected);
    assert_eq!(error.to_string().lines().count(), expected.len());
}

#[test]
fn a_certificate_that_is_no_text_is_told() {
    for header in ["anchor", "intermediate"] {
        let anchor = format!("[[anchor]]\ncertificate = \"\"\"\n{}\"\"\"\n", ROOT.pem());
        let error = AzureTrust::parse(&format!("{anchor}[[{header}]]\ncertificate = 7\n"));
        let told = error.unwrap_err().to_string();
        assert!(told.contains("`certificate` must be a string"), "{told}");
    }
}

#[test]
fn a_file_that_is_no_trust_file_is_told_with_its_line() {
    let line = |toml: &str| AzureTrust::parse(toml).unwrap_err().flaws[0].line;
    assert_eq!(line(""), 1);
    assert_eq!(line("\n\n[[anchor]\n"), 3);
    assert_eq!(line("\n[[key]]\nname = \"x\"\n"), 2);
    assert_eq!(line("\nanchor = 7\n"), 2);
    let many = "[[intermediate]]\ncertificate = \"x\"\n".repeat(17);
    let error = AzureTrust::parse(&format!("[[anchor]]\n{many}")).unwrap_err();
    assert!(error.to_string().contains("more than 16 [[intermediate]]"), "{error}");
}
