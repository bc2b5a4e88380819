//! Which certificates must not vouch for a document? Each rule of the signer and its path, broken
//! alone.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use callsign::emulator::asn1::{definite, object_identifier, sequence};
use callsign::identity::{AzureTrust, Trust, verify};
use chrono::TimeDelta;
use der::asn1::ObjectIdentifier as Oid;
use rcgen::ExtendedKeyUsagePurpose::{Any, ClientAuth, ServerAuth};
use rcgen::KeyUsagePurpose::{DigitalSignature, KeyCertSign, KeyEncipherment};
use rcgen::{
    BasicConstraints, CrlDistributionPoint, CustomExtension, GeneralSubtree, IsCa, NameConstraints,
    SanType, date_time_ymd,
};

use super::forge::*;
use crate::identity::fixture::{now, policy, word};

const AUTHORITY_INFO_ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
const CA_ISSUERS: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.48.2");
const OCSP: Oid = Oid::new_unwrap("1.3.6.1.5.5.7.48.1");
const EXTENDED_KEY_USAGE: [u64; 4] = [2, 5, 29, 37];

fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().unwrap())
}

#[test]
fn the_genuine_certificate_is_believed() {
    assert_eq!(verdict_on_leaf(|_| {}), "verified");
}

#[test]
fn a_genuine_certificate_in_front_of_anothers_is_not_the_signer() {
    let genuine = leaf(|_| {});
    let foreign = Authority::root("Foreign").leaf(&OTHER_KEY, |_| {});
    let bags: [[&[u8]; 2]; 2] = [[&genuine, &foreign], [&foreign, &genuine]];
    for certificates in bags {
        let signed_by_other = |signer: &[u8]| {
            let mut message = message(DOCUMENT, signer);
            message.certificates = bag(&certificates);
            message.key = OTHER_KEY.clone();
            word(verified(&message, &[&ISSUING.der]))
        };
        assert_eq!(signed_by_other(&foreign), "certificate-unknown-issuer");
        assert_eq!(signed_by_other(&genuine), "signature-invalid");
    }
}

#[test]
fn a_certificate_with_the_name_and_number_of_the_genuine_one_is_refused() {
    let genuine = leaf(|_| {});
    let twin = Authority::root("Issuing").leaf(&OTHER_KEY, |_| {});
    assert_eq!(name_of(&genuine), name_of(&twin));
    let verdict = verdict(|message| {
        message.certificates = bag(&[&genuine, &twin]);
        message.key = OTHER_KEY.clone();
    });
    assert_eq!(verdict, "certificate-ambiguous");
}

#[test]
fn a_signer_that_is_not_in_the_message_is_refused_even_if_it_is_sent_beside_it() {
    let genuine = leaf(|_| {});
    let mut message = message(DOCUMENT, &genuine);
    message.certificates = bag(&[]);
    assert_eq!(word(verified(&message, &[&ISSUING.der, &genuine])), "certificate-missing");
}

#[test]
fn a_foreign_chain_is_refused_though_its_root_is_sent() {
    let root = Authority::root("Foreign");
    let issuing = root.authority("Issuing", |_| {});
    assert_eq!(verdict_under(&issuing, &[&issuing.der, &root.der]), "certificate-unknown-issuer");
    assert_eq!(verdict_under(&root, &[&root.der]), "certificate-unknown-issuer");
}

#[test]
fn a_root_with_the_name_of_a_trusted_one_is_refused() {
    let root = Authority::root("Root");
    assert_eq!(root.params.distinguished_name, ROOT.params.distinguished_name);
    let issuing = root.authority("Issuing", |_| {});
    assert_eq!(verdict_under(&issuing, &[&issuing.der, &root.der]), "certificate-path");
}

#[test]
fn a_missing_intermediate_is_not_guessed() {
    assert_eq!(verdict_under(&ISSUING, &[]), "certificate-unknown-issuer");
}

#[test]
fn a_leaf_that_signs_a_leaf_is_no_authority() {
    for usages in [vec![], vec![DigitalSignature], vec![DigitalSignature, KeyCertSign]] {
        for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
            let signing = ISSUING.authority("metadata.azure.com", |leaf| {
                leaf.is_ca = is_ca;
                leaf.key_usages.clone_from(&usages);
                leaf.subject_alt_names = vec![dns(NAME)];
                leaf.extended_key_usages = vec![ServerAuth];
            });
            let verdict = verdict_under(&signing, &[&ISSUING.der, &signing.der]);
            let expected = match usages.contains(&KeyCertSign) {
                true => "certificate-path",
                false => "certificate-unknown-issuer",
            };
            assert_eq!(verdict, expected, "{usages:?} {is_ca:?}");
        }
    }
}

#[test]
fn an_authority_whose_key_is_not_for_certificates_is_none() {
    for usages in [vec![], vec![DigitalSignature]] {
        let issuing = ROOT.authority("Issuing", |issuing| issuing.key_usages = usages);
        assert_eq!(verdict_under(&issuing, &[&issuing.der]), "certificate-unknown-issuer");
    }
}

#[test]
fn an_authority_beyond_the_path_length_is_refused() {
    let last = ROOT.authority("Last", |last| {
        last.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    });
    assert_eq!(verdict_under(&last, &[&last.der]), "verified");
    let beyond = last.authority("Beyond", |_| {});
    assert_eq!(verdict_under(&beyond, &[&last.der, &beyond.der]), "certificate-path");
}

#[test]
fn an_authority_for_other_names_is_refused() {
    let constrained = |name: &str| {
        let issuing = ROOT.authority("Issuing", |issuing| {
            issuing.name_constraints = Some(NameConstraints {
                permitted_subtrees: vec![GeneralSubtree::DnsName(name.to_owned())],
                excluded_subtrees: Vec::new(),
            });
        });
        verdict_under(&issuing, &[&issuing.der])
    };
    assert_eq!(constrained("azure.com"), "verified");
    assert_eq!(constrained("example.net"), "certificate-path");
}

#[test]
fn an_authority_signs_no_document_itself() {
    let verdict = verdict_on_leaf(|leaf| leaf.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(verdict, "certificate-path");
}

#[test]
fn the_common_name_does_not_count() {
    let called_right = |names: Vec<SanType>| {
        verdict_on_leaf(|leaf| {
            leaf.distinguished_name = called(NAME);
            leaf.subject_alt_names = names;
        })
    };
    assert_eq!(called_right(vec![dns("example.net")]), "certificate-name");
    assert_eq!(called_right(vec![]), "certificate-name");
    assert_eq!(verdict_on_leaf(|leaf| leaf.distinguished_name = called("x")), "verified");
}

#[test]
fn look_alike_domains_are_refused() {
    for name in [
        "metadata.azure.com.example.net",
        "notmetadata.azure.com",
        "metadata-azure.com",
        "metadata.azure.co",
        "metadata.azure.comm",
        "xn--metadta-5hg.azure.com",
        "management.azure.com",
        "azure.com",
        "metadata.azure.us",
        "*.metadata.azure.com",
        "*.azure.com",
    ] {
        let verdict = verdict_on_leaf(|leaf| leaf.subject_alt_names = vec![dns(name)]);
        assert_eq!(verdict, "certificate-name", "{name}");
    }
}

#[test]
fn names_of_other_kinds_do_not_count() {
    for name in [
        SanType::URI("https://metadata.azure.com".try_into().unwrap()),
        SanType::Rfc822Name("root@metadata.azure.com".try_into().unwrap()),
        SanType::IpAddress(Ipv4Addr::new(169, 254, 169, 254).into()),
    ] {
        let verdict = verdict_on_leaf(|leaf| leaf.subject_alt_names = vec![name.clone()]);
        assert_eq!(verdict, "certificate-name", "{name:?}");
    }
}

#[test]
fn a_leaf_outside_of_its_validity_is_refused() {
    let (before, after) = (date_time_ymd(2027, 1, 14), date_time_ymd(2027, 1, 16));
    assert_eq!(verdict_on_leaf(|leaf| leaf.not_after = after), "verified");
    assert_eq!(verdict_on_leaf(|leaf| leaf.not_after = before), "certificate-validity");
    assert_eq!(verdict_on_leaf(|leaf| leaf.not_before = after), "certificate-validity");
}

#[test]
fn an_authority_outside_of_its_validity_is_refused() {
    let (before, after) = (date_time_ymd(2027, 1, 14), date_time_ymd(2027, 1, 16));
    let expired = ROOT.authority("Issuing", |issuing| issuing.not_after = before);
    assert_eq!(verdict_under(&expired, &[&expired.der]), "certificate-validity");
    let future = ROOT.authority("Issuing", |issuing| issuing.not_before = after);
    assert_eq!(verdict_under(&future, &[&future.der]), "certificate-validity");
}

#[test]
fn an_anchor_counts_until_its_end() {
    let root = ROOT.authority("Ending", |root| root.not_after = date_time_ymd(2027, 1, 16));
    let trust = trusting(&root.pem());
    let issuing = root.authority("Issuing", |_| {});
    let message = message(&long_lived(), &issuing.leaf(&KEY, |_| {})).encode();
    let proof = proof(&message, &[&issuing.der]);
    let end = now() + TimeDelta::hours(16);
    assert_eq!(word(verify(&proof, &trust, &policy(), end)), "verified");
    let later = end + TimeDelta::seconds(1);
    let verdict = word(verify(&proof, &trust, &policy(), later));
    assert_eq!(verdict, "certificate-unknown-issuer");
}

fn long_lived() -> String {
    DOCUMENT.replace("01/15/27 14:00:00", "02/15/27 14:00:00")
}

#[test]
fn a_key_that_is_not_for_signatures_is_refused() {
    for usages in [vec![], vec![KeyEncipherment], vec![KeyCertSign]] {
        let verdict = verdict_on_leaf(|leaf| leaf.key_usages.clone_from(&usages));
        assert_eq!(verdict, "certificate-key-usage", "{usages:?}");
    }
}

#[test]
fn a_certificate_that_is_not_for_servers_is_refused() {
    for purposes in [vec![], vec![ClientAuth], vec![Any]] {
        let verdict = verdict_on_leaf(|leaf| leaf.extended_key_usages.clone_from(&purposes));
        assert_eq!(verdict, "certificate-purpose", "{purposes:?}");
    }
}

#[test]
fn an_empty_list_of_purposes_is_refused() {
    let verdict = verdict_on_leaf(|leaf| {
        leaf.extended_key_usages.clear();
        let empty = CustomExtension::from_oid_content(&EXTENDED_KEY_USAGE, sequence(&[]));
        leaf.custom_extensions.push(empty);
    });
    assert_eq!(verdict, "certificate-purpose");
}

#[test]
fn an_authority_for_other_purposes_is_refused() {
    let issuing = ROOT.authority("Issuing", |issuing| {
        issuing.extended_key_usages = vec![ClientAuth];
    });
    assert_eq!(verdict_under(&issuing, &[&issuing.der]), "certificate-purpose");
}

#[test]
fn more_certificates_than_any_path_has_are_refused() {
    let genuine = leaf(|_| {});
    let others: Vec<_> = (0..8).map(|n| ROOT.authority(&n.to_string(), |_| {})).collect();
    let inside = |count: usize, sent: &[&[u8]]| {
        let mut message = message(DOCUMENT, &genuine);
        let others = others.iter().take(count).map(|other| other.der.as_slice());
        let all: Vec<&[u8]> = std::iter::once(genuine.as_slice()).chain(others).collect();
        message.certificates = bag(&all);
        word(verified(&message, sent))
    };
    assert_eq!(inside(6, &[&ISSUING.der]), "verified");
    assert_eq!(inside(7, &[&ISSUING.der]), "certificate-too-many");
    assert_eq!(inside(8, &[]), "certificate-too-many");
}

/// Every one of them may have issued every other: the paths to try are bounded.
#[test]
fn a_maze_of_authorities_with_one_name_is_refused() {
    let maze: Vec<_> = (0..6).map(|_| Authority::root("Maze")).collect();
    let sent: Vec<&[u8]> = maze.iter().map(|authority| authority.der.as_slice()).collect();
    for authority in &maze {
        let verdict = verdict_under(authority, &sent);
        assert!(["certificate-unknown-issuer", "certificate-path"].contains(&verdict), "{verdict}");
    }
}

#[test]
fn what_is_no_certificate_does_no_harm_and_no_good() {
    let junk = sequence(&[&[7; 500]]);
    let genuine = message(DOCUMENT, &leaf(|_| {}));
    assert_eq!(word(verified(&genuine, &[&junk, &ISSUING.der])), "verified");
    assert_eq!(word(verified(&genuine, &[&junk])), "certificate-unknown-issuer");
}

#[test]
fn an_intermediate_of_a_trust_file_is_believed_in_nothing() {
    let foreign = Authority::root("Foreign");
    let entry = |authority: &Authority, header: &str| {
        format!("[[{header}]]\ncertificate = \"\"\"\n{}\"\"\"\n", authority.pem())
    };
    let trust = |intermediate: &Authority| {
        let toml = entry(&ROOT, "anchor") + &entry(intermediate, "intermediate");
        Trust { azure: AzureTrust::parse(&toml).unwrap(), ..Trust::default() }
    };
    let verdict = |authority: &Authority| {
        let message = message(DOCUMENT, &authority.leaf(&KEY, |_| {})).encode();
        word(verify(&proof(&message, &[]), &trust(authority), &policy(), now()))
    };
    assert_eq!(verdict(&ISSUING), "verified");
    assert_eq!(verdict(&foreign), "certificate-unknown-issuer");
}

/// A certificate may say where its issuer's certificate, its status or a list of those revoked can
/// be had. Whoever follows makes a request that an attacker chose.
#[test]
fn no_address_in_a_certificate_is_followed() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.set_nonblocking(true).unwrap();
    let nobody_came =
        || listener.accept().is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/issuer.cer");
    let at = |method| sequence(&[&object_identifier(method), &definite(0x86, &[url.as_bytes()])]);
    let pointing = leaf(|leaf| {
        let access = sequence(&[&at(CA_ISSUERS), &at(OCSP)]);
        let access = CustomExtension::from_oid_content(&AUTHORITY_INFO_ACCESS, access);
        leaf.custom_extensions.push(access);
        leaf.crl_distribution_points = vec![CrlDistributionPoint { uris: vec![url.clone()] }];
    });
    let message = message(DOCUMENT, &pointing);
    assert_eq!(word(verified(&message, &[])), "certificate-unknown-issuer");
    assert!(nobody_came());
    assert_eq!(word(verified(&message, &[&ISSUING.der])), "verified");
    assert!(nobody_came());

    let _somebody = TcpStream::connect(address).unwrap();
    listener.set_nonblocking(false).unwrap();
    assert!(!nobody_came());
}
